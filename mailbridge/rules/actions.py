"""The keys of `then`, and the expectations of examples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mailbridge.config import durations, names, nodes
from mailbridge.config.reading import Reading, Schema, Wrong
from mailbridge.config.scalars import Choice, Flag, Name, Text
from mailbridge.config.schema import Either, Key, Made, Many, Record, Table
from mailbridge.organisation.priority import Priority
from mailbridge.rules.captures import used
from mailbridge.rules.files.people import SkillWanted
from mailbridge.rules.tree import Actions, AssignBy

MAX_TEXT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NameOr:
    """A name, or a text with ${captures}.  Its name is only known with the mail, so the matcher checks whether it exists."""

    kind: str
    plain: Schema | None = None  # what reads a name that holds no captures, where it is none that a file defines

    def read(self, node: nodes.Node, reading: Reading) -> Any:
        if isinstance(node, nodes.Scalar) and used(node.text):
            return node.text
        return (self.plain or Name(kind=self.kind)).read(node, reading)

    def json_schema(self) -> dict[str, Any]:
        plain = (self.plain or Name(kind=self.kind)).json_schema()
        return {"anyOf": [plain, {"type": "string", "pattern": r"\$\{"}]} if self.plain else plain


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonArgument:
    """An agent, a team, or a mail address.  A capture may give an agent or a team, never an address: a mail must not choose recipients."""

    def read(self, node: nodes.Node, reading: Reading) -> Any:
        if isinstance(node, nodes.Scalar) and used(node.text) and "@" not in node.text:
            return node.text
        if isinstance(node, nodes.Scalar) and "@" in node.text:
            return Text(what="a mail address", parse=names.address).read(node, reading)
        return Name(kind="agent or team").read(node, reading)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "description": "the name of an agent or a team, or a mail address"}


def _short(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise Wrong(f"a text of {len(text)} characters", f"at most {MAX_TEXT}")
    if "\n" in text:
        raise Wrong("a text of several lines", "it goes into one line")
    return text


_HERE = ("http://127.0.0.1", "http://[::1]", "http://localhost")


def _web(text: str) -> str:
    here = any(text == start or text.startswith((f"{start}:", f"{start}/")) for start in _HERE)
    if not (here or (text.startswith("https://") and len(text) >= 12)) or any(c.isspace() for c in text):
        raise Wrong(f'"{text}" is not an address of a webhook', 'write it like "https://hooks.acme.example/tickets"')
    return text


def _assign(values: dict[str, str]) -> dict[str, str]:
    if (values["by"] == AssignBy.SKILL) != ("skill" in values):
        raise Wrong('"by: skill" and "skill" go together', "assignee: {by: skill, skill: network}")
    return values


_TEXT = Text(parse=_short)
_PRIORITY = Choice(what="priority", words=tuple(Priority))
_ASSIGNEE = Either(
    what="an agent or a way to choose one",
    scalar=Made(of=NameOr(kind="agent"), make=lambda name: {"name": name}),
    mapping=Record(
        what="a way to choose an agent",
        keys={
            "by": Key(schema=Choice(what="way to choose", words=tuple(AssignBy)), required=True),
            "skill": Key(schema=SkillWanted()),
        },
        make=_assign,
    ),
)
_TAGS = Many(of=NameOr(kind="tag"), what="a tag or a list of tags", least=1)
_FIELDS = Table(what="fields", of=_TEXT, least_one=True)

WEB_ADDRESSES = Many(of=Text(what="an https address", parse=_web), what="an https address or a list", least=1)

ACTIONS: dict[str, Key] = {
    "team": Key(schema=NameOr(kind="team"), about="the team that gets the ticket"),
    "type": Key(schema=NameOr(kind="type"), about="the type of request"),
    "priority": Key(schema=NameOr(kind="priority", plain=_PRIORITY), about="low, normal, high or urgent"),
    "status": Key(schema=NameOr(kind="status"), about="the status of the ticket"),
    "assignee": Key(schema=_ASSIGNEE, about="an agent, or how to choose one of the team"),
    "tags": Key(schema=_TAGS, about="tags to add"),
    "fields": Key(schema=_FIELDS, about="custom fields to set; ${name} is what a condition caught"),
    "subject": Key(schema=_TEXT, about="the ticket's subject instead of the mail's"),
    "sla": Key(schema=NameOr(kind="sla"), about="the set of targets in sla.yaml"),
    "equipment": Key(schema=NameOr(kind="equipment"), about="the device, by its serial number"),
    "location": Key(schema=NameOr(kind="location"), about="the place"),
    "project": Key(schema=NameOr(kind="project"), about="the customer's project"),
    "estimate": Key(schema=Text(what="a duration", parse=durations.working_duration), about="how long the work will probably take"),
    "playbook": Key(schema=NameOr(kind="playbook"), about="the list of tasks to start"),
    "reply": Key(schema=Name(kind="template"), about="the template that the acknowledgement is written with"),
    "suggest": Key(
        schema=Many(of=Name(kind="article"), what="an article or a list of articles", least=1),
        about="articles that the customer and the agents get, like KB-17",
    ),
    "notify": Key(
        schema=Many(of=PersonArgument(), what="somebody or a list", least=1), about="agents, teams or addresses that are told of the ticket"
    ),
    "cc": Key(
        schema=Many(of=Text(what="a mail address", parse=names.address), what="an address or a list", least=1),
        about="participants to add",
    ),
    "webhook": Key(
        schema=WEB_ADDRESSES, about="web addresses to call"
    ),
    "no-ack": Key(schema=Flag(), about="true: the sender gets no acknowledgement"),
    "drop": Key(schema=Flag(), about="true: the mail is kept but makes no ticket; no further rule is tried"),
    "quarantine": Key(schema=_TEXT, about="put the mail aside for a person, with this reason; no further rule is tried"),
}


def actions(values: dict[str, Any]) -> Actions:
    """The actions of a `then`."""
    assignee: dict[str, str] = values.get("assignee", {})
    if "drop" in values and "quarantine" in values:
        raise Wrong('"drop" beside "quarantine"', "the mail goes one way or the other")
    return Actions(
        team=values.get("team"),
        type=values.get("type"),
        priority=values.get("priority"),
        status=values.get("status"),
        assignee=assignee.get("name"),
        assign_by=AssignBy(assignee["by"]) if "by" in assignee else None,
        skill=assignee.get("skill"),
        tags=values.get("tags", ()),
        fields=tuple(values.get("fields", {}).items()),
        subject=values.get("subject"),
        sla=values.get("sla"),
        equipment=values.get("equipment"),
        location=values.get("location"),
        project=values.get("project"),
        estimate=values.get("estimate"),
        playbook=values.get("playbook"),
        reply=values.get("reply"),
        suggest=values.get("suggest", ()),
        notify=values.get("notify", ()),
        cc=values.get("cc", ()),
        webhook=values.get("webhook", ()),
        no_ack=values.get("no-ack", False),
        drop=values.get("drop", False),
        quarantine=values.get("quarantine"),
    )


def sets_on_arrival(then: Actions) -> Iterable[str]:
    """The actions that need a mail."""
    aside = {"no-ack": then.no_ack, "drop": then.drop, "quarantine": then.quarantine}
    asked = {"reply": then.reply, "suggest": then.suggest, **aside, "assignee: by": then.assign_by}
    return [word for word, value in asked.items() if value]


THEN = Record(what="then", keys=ACTIONS, make=actions, least_one=True)


def texts_of(then: Actions) -> Iterable[str]:
    """Every text of the actions that may hold ${captures}."""
    names = (then.team, then.type, then.priority, then.status, then.assignee, then.sla, then.playbook)
    singles = (then.subject, then.equipment, then.location, then.project, then.quarantine, *names)
    return (*then.tags, *then.notify, *(value for _, value in then.fields), *(text for text in singles if text))


# What an example may expect.  A name here is checked like one in `then`; `none` says that no rule chose anything.


@dataclass(frozen=True, slots=True, kw_only=True)
class _OrNone:
    of: Schema

    def read(self, node: nodes.Node, reading: Reading) -> Any:
        if isinstance(node, nodes.Scalar) and (node.value is None or node.text == "none"):
            return None
        return self.of.read(node, reading)

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [self.of.json_schema(), {"enum": [None, "none"]}]}


_SINGLE = (
    "team", "type", "priority", "status", "assignee", "sla", "equipment", "location", "project", "playbook", "reply", "estimate",
    "subject", "quarantine",
)  # fmt: skip

GIVES: dict[str, Key] = {
    **{word: Key(schema=_OrNone(of=ACTIONS[word].schema), about=f"the {word} that comes of it, or none") for word in _SINGLE},
    "tags": Key(schema=Many(of=NameOr(kind="tag"), what="a tag or a list of tags"), about="these tags, and perhaps others"),
    "fields": Key(schema=_FIELDS, about="these fields, and perhaps others"),
    "suggest": Key(schema=ACTIONS["suggest"].schema, about="all articles suggested by rules"),
    "notify": Key(schema=ACTIONS["notify"].schema, about="all who are told"),
    "cc": Key(schema=ACTIONS["cc"].schema, about="all participants added"),
    "webhook": Key(schema=ACTIONS["webhook"].schema, about="all addresses called"),
    "contract": Key(schema=_OrNone(of=Name(kind="contract")), about="the customer's contract it falls under, or none"),
    "no-ack": Key(schema=Flag()),
    "drop": Key(schema=Flag()),
    "fires": Key(schema=Flag(), about="whether this very rule holds; true where it is not said"),
}
