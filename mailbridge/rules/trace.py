"""Why the rules decided as they did, as values that are stored with the mail."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionTrace:
    """A condition that held: in `source`, `key` was found as `found`."""

    source: str
    match: str = ""
    key: str = ""
    found: str = ""
    captures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionTrace:
    """What an action did.  `before` equal to `after`: nothing, and `note` says why."""

    what: str
    before: str
    after: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTrace:
    """A rule that held, where it stands, and what it did."""

    rule: str
    label: str
    line: int
    hits: tuple[ConditionTrace, ...] = ()
    changes: tuple[ActionTrace, ...] = ()
    stop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A rule that did not hold: `held` of its conditions did, `reasons` say what was missing."""

    rule: str
    label: str
    line: int
    held: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    version: str
    rules: int
    steps: tuple[RuleTrace, ...] = ()
    misses: tuple[Miss, ...] = ()
    stopped_by: str = ""
    known: tuple[ActionTrace, ...] = ()  # what no rule chose and the customer's contract says

