"""What a rule says, as values: conditions over the words of Sieve, actions, examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from mailbridge.config.nodes import Place
from mailbridge.rules.comparators import Comparator


class MatchType(StrEnum):
    """How a text is compared: RFC 5228 2.7.1, the regex draft, RFC 5231."""

    IS = "is"
    CONTAINS = "contains"
    MATCHES = "matches"
    REGEX = "regex"
    GE = "ge"
    GT = "gt"
    LE = "le"
    LT = "lt"
    EQ = "eq"
    NE = "ne"


RELATIONS = (MatchType.GE, MatchType.GT, MatchType.LE, MatchType.LT, MatchType.EQ, MatchType.NE)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ValueSource:
    """Where a text comes from: ('header', 'subject'), ('address', 'from', 'domain'), ('body', 'fresh') ...

    `index` is RFC 5260's: the n-th field of that name, counted from the end where it is negative; 0 means all of them.
    """

    kind: str
    name: str = ""
    part: str = ""
    index: int = 0
    zone: str = ""  # of a date: a name, '+0200', 'original', or '' for the zone of the default team

    def __str__(self) -> str:
        place = f"[{self.index}]" if self.index else ""
        if self.kind == "header":
            return f"{self.name}{place}"
        if self.kind == "count":
            return f"number of {self.part or self.name}"
        return " ".join(word for word in (self.kind, self.name + place, self.part) if word)


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A comparison of a text with one or more keys: any of them will do.

    `captures` names the wildcards or groups in order, `whole` names the text that was found.
    """

    __test__ = False  # no test of pytest

    match: MatchType
    keys: tuple[str, ...]
    comparator: Comparator = Comparator.UNICODE
    captures: tuple[str, ...] = ()
    whole: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTest:
    """True when a text of any of the sources passes the test."""

    sources: tuple[ValueSource, ...]
    test: Test


@dataclass(frozen=True, slots=True, kw_only=True)
class Exists:
    """RFC 5228 5.5: all these fields are there."""

    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A measure above `over` and below `under`, both strictly (RFC 5228 5.9)."""

    source: ValueSource
    over: float | None = None
    under: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that is so or is not: the mail is a reply, the team works now."""

    source: ValueSource
    expected: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Same:
    """Several tests that one and the same thing (an attachment, a device, a contract) passes."""

    kind: str
    tests: tuple[tuple[str, Test | Number], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    children: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    children: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotOf:
    child: Condition


Leaf = TextTest | Exists | Number | Fact | Same
Condition = Leaf | AllOf | AnyOf | NotOf

ALWAYS = AllOf(children=())


class AssignBy(StrEnum):
    ROUND_ROBIN = "round-robin"
    LEAST_LOADED = "least-loaded"
    SKILL = "skill"
    ON_DUTY = "on-duty"
    FOLLOW_THE_SUN = "follow-the-sun"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """What a rule does.  None and empty leave things as they are; texts may hold ${captures}."""

    team: str | None = None
    type: str | None = None
    priority: str | None = None
    status: str | None = None
    assignee: str | None = None
    assign_by: AssignBy | None = None
    skill: str | None = None
    tags: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    subject: str | None = None
    sla: str | None = None
    equipment: str | None = None
    location: str | None = None
    project: str | None = None
    estimate: timedelta | None = None
    playbook: str | None = None
    reply: str | None = None
    suggest: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    webhook: tuple[str, ...] = ()
    no_ack: bool = False
    drop: bool = False
    quarantine: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A mail and what must come of it.  `mail` are header fields and `text`; or `file`, an .eml beside the rule.

    `verified`: whether the sender of a `file` is taken as proven; no server of ours wrote what it found out into it.
    """

    place: Place
    gives: tuple[tuple[str, str | tuple[str, ...] | bool], ...]
    mail: Mapping[str, object] = field(default_factory=dict)
    ticket: Mapping[str, object] = field(default_factory=dict)  # of a rule by time, in the place of a mail
    file: str = ""
    verified: bool = False
    fires: bool | None = None  # whether this very rule must fire; None: not said


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    name: str
    place: Place  # of its name
    when: Condition
    then: Actions
    stop: bool = False
    examples: tuple[Example, ...] = ()
    every: timedelta | None = None  # how often it looks at all open tickets; None: it looks at mails

    @property
    def label(self) -> str:
        """Short for people: the file's name without folder and ending."""
        return self.place.file.rpartition("/")[2].removesuffix(".yaml").removesuffix(".yml")
