"""The keys of approvals.yaml: which commands need an approval."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from mailbridge.config import nodes, quantities
from mailbridge.config.reading import BAD, Reading, Wrong
from mailbridge.config.scalars import Choice, Name, Text
from mailbridge.config.schema import Key, Many, Record
from mailbridge.config.suggest import listed
from mailbridge.organisation.approval_policy import MANAGER, ApprovalPolicy, ApprovalRule, ApprovalTrigger
from mailbridge.organisation.priority import Priority
from mailbridge.rules.files.scalars import DURATION, WORKING, WORKING_OR_NEVER

# The additional key of a trigger. A time is required. Without a team, tag and so on, all of them are meant.
OF_MATTER = {
    ApprovalTrigger.WORK_OVER: "hours",
    ApprovalTrigger.TRAVEL_OVER: "hours",
    ApprovalTrigger.ESTIMATE_OVER: "hours",
    ApprovalTrigger.ESCALATE: "to",
    ApprovalTrigger.TEAM: "team",
    ApprovalTrigger.TAG: "tag",
    ApprovalTrigger.STATUS: "status",
    ApprovalTrigger.PRIORITY: "priority",
}


class Approver:
    """`manager`, or the name of an agent."""

    def read(self, node: nodes.Node, reading: Reading) -> Any:
        if isinstance(node, nodes.Scalar) and node.text == MANAGER:
            return MANAGER
        return Name(kind="agent").read(node, reading)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "description": "manager, or the name of an agent"}


def _hours(text: str) -> timedelta:
    hours = quantities.number(text)
    if not 0 < hours <= 10_000:
        raise Wrong(f'"{text}" are no hours', "a number such as 8 or 0.5")
    return timedelta(hours=hours)


def _many(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1000:
        raise Wrong(f'"{text}" is not a number of tickets', "a number from 1 to 1000")
    return int(text)


def _fitting(values: dict[str, Any]) -> ApprovalRule:
    matter = ApprovalTrigger(values["what"])
    wanted = OF_MATTER[matter]
    for key in sorted(set(OF_MATTER.values()) - {wanted}):
        if key in values:
            raise Wrong(f'"{key}" does not go with "what: {matter}"', f'"{wanted}" does')
    if wanted == "hours" and "hours" not in values:
        raise Wrong(f'"what: {matter}" needs "hours"', "the longest time that needs no yes")
    usual = ApprovalRule(what=matter)
    return ApprovalRule(
        what=matter,
        over=values.get("hours", usual.over),
        names=frozenset(values.get(wanted, ())) if wanted != "hours" else usual.names,
        by=values.get("by", usual.by),
        deputies=values.get("deputies", ()),
        remind_after=values.get("remind-after", usual.remind_after),
        expires_after=values.get("expires-after", usual.expires_after),
    )


def _names(kind: str) -> Many:
    return Many(of=Name(kind=kind), what=f"one {kind} or a list", least=1)


APPROVAL = Record(
    what="an approval",
    keys={
        "what": Key(schema=Choice(what="matter", words=tuple(OF_MATTER)), required=True, about="what needs a yes"),
        "hours": Key(schema=Text(what="a number of hours", parse=_hours), about="more than these need one"),
        "to": Key(schema=_names("way to escalate"), about="a chain, or a team, agent or consultant on one"),
        "team": Key(schema=_names("team"), about="giving a ticket to these"),
        "tag": Key(schema=_names("tag"), about="putting these on a ticket"),
        "status": Key(schema=_names("status"), about="moving a ticket to these"),
        "priority": Key(
            schema=Many(of=Choice(what="priority", words=tuple(Priority)), what="a priority or a list", least=1),
            about="giving a ticket these",
        ),
        "by": Key(
            schema=Many(of=Approver(), what="manager, an agent or a list", least=1),
            about="who says yes: manager (those of the ticket's team) or agents; any one of them decides",
        ),
        "deputies": Key(
            schema=Many(of=Name(kind="agent"), what="an agent or a list"), about="agents who are asked too when the others are reminded"
        ),
        "remind-after": Key(
            schema=WORKING_OR_NEVER,
            about="working time of the ticket's team until a reminder; or never",
        ),
        "expires-after": Key(schema=WORKING, about="working time until silence counts as no"),
    },
    make=_fitting,
)
APPROVALS_FILE = Record(
    what="approvals.yaml",
    keys={
        "approvals": Key(schema=Many(of=APPROVAL, what="a list of approvals", strict=True), about="what a manager has to agree to"),
        "confirm-within": Key(schema=DURATION, about="how long an agent's own yes to something risky is waited for"),
        "many": Key(schema=Text(what="a number of tickets", parse=_many), about="how many tickets one line may change without a yes"),
    },
)


def approval_policy(values: Mapping[str, Any]) -> ApprovalPolicy:
    """The approval policy of the file."""
    usual = ApprovalPolicy()
    return ApprovalPolicy(
        approvals=values.get("approvals", ()),
        confirm_within=values.get("confirm-within", usual.confirm_within),
        many=values.get("many", usual.many),
    )


def define(reading: Reading) -> None:
    """Registers the names that `to` may use: everything on a chain, and the chains."""
    for kind in ("escalation", "team", "agent", "consultant"):
        for name, place in reading.defined.get(kind, {}).items():
            reading.define("way to escalate", name, place)


def check(node: nodes.Node | None, values: Any, teams: Any, reading: Reading) -> None:
    """Checks that there is a manager where managers have to approve."""
    rules = node.get("approvals") if isinstance(node, nodes.Mapping) else None
    if values is BAD or teams is BAD or not isinstance(rules, nodes.Sequence):
        return
    if any(team.get("managers") for team in teams["teams"].values()) or any(a.get("manager") for a in teams["agents"].values()):
        return
    for item, rule in zip(rules.items, values["approvals"], strict=True):
        if rule.by == (MANAGER,):
            hint = listed(teams["agents"], "agent")
            reading.mistake(item.place, "nobody can agree to this: the desk has no manager", f"name agents with `by`; {hint}")
