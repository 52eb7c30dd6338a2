"""The key `ladder` of sla.yaml: levels of a promise, who is told at each, and what happens to the ticket."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from mailbridge.config import durations, names, nodes
from mailbridge.config.reading import Reading, Wrong
from mailbridge.config.scalars import Choice, Flag, Name, Text
from mailbridge.config.schema import Key, Many, Record
from mailbridge.organisation.priority import Priority
from mailbridge.rules.actions import WEB_ADDRESSES
from mailbridge.sla.ladder import At, Level, LevelCondition
from mailbridge.sla.segments import TargetKind

ASSIGNEE, TEAM, MANAGERS = "assignee", "team", "managers"
ROLES = (ASSIGNEE, TEAM, MANAGERS)
RECIPIENT = "recipient of a level"  # kind of the names of agents and teams here, so that a role that is misspelled gets its suggestion
TARGET_NAMES = tuple(str(promise) for promise in TargetKind if promise is not TargetKind.CLAIM)
MOST = 1000  # percent
_WRITTEN = 'write it like "70%", "30m before", "2h after" or "breach"'


def at(text: str) -> At:
    """'70%', '150%', '30m before', '2h after', 'breach'.  Raises Wrong."""
    if text == "breach":
        return At()
    if found := re.fullmatch(r"(\d{1,4})\s*%", text):
        if not 0 < int(found[1]) <= MOST:
            raise Wrong(f'"{text}" is not a level', f"from 1% to {MOST}%")
        return At(share=int(found[1]) / 100)
    length, _, word = text.rpartition(" ")
    if word not in ("before", "after"):
        raise Wrong(f'"{text}" is not a level', _WRITTEN)
    span = durations.working_duration(length.strip())
    return At(offset=-span if word == "before" else span)


class LevelRecipient:
    """The assignee, the team, the managers, or somebody by name or address."""

    def read(self, node: nodes.Node, reading: Reading) -> Any:
        if isinstance(node, nodes.Scalar) and node.text in ROLES:
            return node.text
        if isinstance(node, nodes.Scalar) and "@" in node.text:
            return Text(what="a mail address", parse=names.address).read(node, reading)
        return Name(kind=RECIPIENT).read(node, reading)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "description": "assignee, team, managers, the name of an agent or a team, or a mail address"}


def _condition(values: dict[str, Any]) -> LevelCondition:
    return LevelCondition(
        teams=values.get("team", ()),
        types=values.get("type", ()),
        statuses=values.get("status", ()),
        priorities=tuple(map(str, values.get("priority", ()))),
        tags=values.get("tag", ()),
        unclaimed=values.get("unclaimed"),
    )


def _level(values: dict[str, Any]) -> Level:
    if not values.keys() & {"tell", "webhook", "escalate", "priority"}:
        raise Wrong("a level at which nothing happens", "add tell, webhook, escalate or priority")
    return Level(
        at=values["at"],
        of=tuple(map(str, values.get("of", ()))),
        tell=values.get("tell", ()),
        webhook=values.get("webhook", ()),
        escalate=values.get("escalate", ""),
        priority=str(values.get("priority", "")),
        when=values.get("when", LevelCondition()),
        in_hours=values.get("in-hours", True),
    )


def _names(kind: str) -> Many:
    return Many(of=Name(kind=kind), what=f"a {kind} or a list")


_PRIORITY = Choice(what="priority", words=tuple(Priority))
LEVEL_CONDITION = Record(
    what="a condition of a level",
    keys={
        "team": Key(schema=_names("team"), about="the ticket's team is one of these"),
        "type": Key(schema=_names("type"), about="its type of request is one of these"),
        "status": Key(schema=_names("status"), about="its status is one of these"),
        "priority": Key(schema=Many(of=_PRIORITY, what="a priority or a list"), about="its priority is one of these"),
        "tag": Key(schema=_names("tag"), about="it has one of these tags"),
        "unclaimed": Key(schema=Flag(), about="true: nobody has it; false: somebody has it"),
    },
    make=_condition,
    least_one=True,
)
LEVEL = Record(
    what="a level",
    keys={
        "at": Key(
            schema=Text(what='a level such as 70%, "30m before" or breach', parse=at),
            required=True,
            about="70% of the time of the target, 30m before or 2h after its end in working time, or breach",
        ),
        "of": Key(
            schema=Many(of=Choice(what="promise", words=TARGET_NAMES), what="a promise or a list"),
            about="the targets it belongs to; without it all of them",
        ),
        "tell": Key(
            schema=Many(of=LevelRecipient(), what="somebody or a list", least=1),
            about="assignee (where there is none, the team), team, managers, agents or teams by name, addresses",
        ),
        "webhook": Key(schema=WEB_ADDRESSES, about="web addresses to call"),
        "escalate": Key(schema=Name(kind="escalation"), about="the chain in teams.yaml on which the ticket goes a step up"),
        "priority": Key(schema=_PRIORITY, about="the priority that the ticket gets"),
        "when": Key(schema=LEVEL_CONDITION, about="what the ticket must be like at that moment"),
        "in-hours": Key(schema=Flag(), about="false: people are told also while the team does not work"),
    },
    make=_level,
)
LADDER = Many(of=LEVEL, what="a list of levels", strict=True, least=1)


def check(values: dict[str, Any]) -> None:
    """Raises Wrong for a ladder that contradicts the other keys of its targets."""
    ladder: tuple[Level, ...] = values.get("ladder", ())
    for key in ("warn-at", "escalate"):
        if ladder and key in values:
            raise Wrong(f'"{key}" beside "ladder"', "the ladder says when people are told and when the ticket goes up: add a level to it")
    for level in ladder:
        budgets = {promise: values[promise] for promise in level.of or TARGET_NAMES if isinstance(values.get(promise), timedelta)}
        if not budgets:
            raise Wrong(f"a level of {', '.join(level.of)}, which is not promised here", "name a promise that has a time")
        if all(level.at.budget(budget) is None for budget in budgets.values()):
            raise Wrong(f'"{level.at}" lies before the start: no promise here is that long', "take a shorter time or a share such as 70%")
