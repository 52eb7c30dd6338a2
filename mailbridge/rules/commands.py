"""The commands of a verdict for an existing ticket.

A new ticket gets its values when it is opened.  `tickets.decide` decides these commands like all others.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailbridge.organisation.priority import Priority
from mailbridge.rules.verdict import Verdict
from mailbridge.tickets.actor import DESK, Actor, ActorKind
from mailbridge.tickets.command_types.people import AddParticipant
from mailbridge.tickets.command_types.relations import StartPlaybook
from mailbridge.tickets.command_types.values import AddTags, Assign, SetField, SetPriority, SetStatus, SetSubject, SetTeam, SetType
from mailbridge.tickets.command_types.work import SetEstimate
from mailbridge.tickets.commands import Command


def commands(verdict: Verdict) -> Iterator[tuple[Command, Actor]]:
    """The commands, each with the rule that asked for it.  The team first: a change of team removes the assignee."""
    for what, command in _commands(verdict):
        yield command, chooser(verdict, what)


def chooser(verdict: Verdict, what: str) -> Actor:
    """What chose this value ("team", "field NAME", "tag NAME", "cc ADDRESS"): a rule, the contract or project that the customer's entry
    names, or the desk."""
    keys = (what, *_ALSO.get(what, ()))
    if rule := next(filter(None, map(verdict.rule_of, keys)), ""):
        return Actor(kind=ActorKind.RULE, name=rule)
    given = "scanner" if what == "tag virus" else _of_customer(verdict, what)
    return Actor(kind=ActorKind.SYSTEM, name=given) if given else DESK


def choosers(verdict: Verdict) -> tuple[tuple[str, Actor], ...]:
    """For each value that a rule or the customer's entry chose, what chose it."""
    named = ["team", "type", "priority", "status", "assignee", *(f"field {name}" for name, _ in verdict.fields)]
    named += [f"field {name}" for name in _FOUND]
    listed = [*(f"tag {tag}" for tag in verdict.tags), *(f"cc {address}" for address in verdict.cc)]
    return tuple((what, by) for what in (*named, *listed) if (by := chooser(verdict, what)) != DESK)


# Fields of the ticket that a rule sets by a key of its own, or that the customer's entry gives.
_FOUND = ("contract", "sla", "calendar", "equipment", "location", "project")
# Value -> the other keys of a rule that set it.
_ALSO = {f"field {name}": (name,) for name in _FOUND} | {"assignee": ("assign by", "skill")}


def _of_customer(verdict: Verdict, what: str) -> str:
    """The part of the customer's entry that gave the value; '' where none did."""
    match what.removeprefix("field "):
        case "sla" | "calendar" | "project" if verdict.contract:
            return f"contract {verdict.contract}"
        case "team" if verdict.otherwise:
            return "asking"
        case "team" if verdict.project:
            return f"project {verdict.project}"
        case "contract" | "equipment" | "location":
            return "customers"
    return ""


def _commands(verdict: Verdict) -> Iterator[tuple[str, Command]]:
    if verdict.team is not None:
        yield "team", SetTeam(team=verdict.team)
    if verdict.assignee is not None:
        yield "assignee", Assign(agent=verdict.assignee)
    if verdict.priority is not None:
        yield "priority", SetPriority(priority=Priority(verdict.priority))
    if verdict.status is not None:
        yield "status", SetStatus(status=verdict.status)
    if verdict.type is not None:
        yield "type", SetType(type=verdict.type)
    yield from ((f"tag {tags[0]}", AddTags(tags=tags)) for tags in _by_chooser(verdict))
    if verdict.subject is not None:
        yield "subject", SetSubject(subject=verdict.subject)
    found = (("sla", verdict.sla), ("equipment", verdict.equipment), ("location", verdict.location), ("project", verdict.project))
    yield from ((f"field {name}", SetField(name=name, value=value)) for name, value in (*verdict.fields, *found) if value)
    if (estimate := estimate_of(verdict)) is not None:
        yield "estimate", estimate
    if verdict.playbook is not None:
        yield "playbook", StartPlaybook(name=verdict.playbook)
    yield from ((f"cc {address}", AddParticipant(address=address)) for address in verdict.cc)


def _by_chooser(verdict: Verdict) -> list[tuple[str, ...]]:
    """The tags, those of one rule together."""
    groups: dict[Actor, list[str]] = {}
    for tag in verdict.tags:
        groups.setdefault(chooser(verdict, f"tag {tag}"), []).append(tag)
    return [tuple(tags) for tags in groups.values()]


def estimate_of(verdict: Verdict) -> SetEstimate | None:
    """The estimate that a rule sets."""
    return SetEstimate(minutes=max(1, round(verdict.estimate.total_seconds() / 60))) if verdict.estimate else None
