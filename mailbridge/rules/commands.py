"""The commands of a verdict for an existing ticket.

A new ticket gets its values when it is opened.  `tickets.decide` decides these commands like all others.
"""

from __future__ import annotations

from mailbridge.organisation.priority import Priority
from mailbridge.rules.verdict import Verdict
from mailbridge.tickets.command_types.people import AddParticipant
from mailbridge.tickets.command_types.relations import StartPlaybook
from mailbridge.tickets.command_types.values import AddTags, Assign, SetField, SetPriority, SetStatus, SetSubject, SetTeam, SetType
from mailbridge.tickets.command_types.work import SetEstimate
from mailbridge.tickets.commands import Command


def commands(verdict: Verdict) -> tuple[Command, ...]:
    """The commands, the team first: a change of team removes the assignee."""
    asked: list[Command] = []
    if verdict.team is not None:
        asked.append(SetTeam(team=verdict.team))
    if verdict.assignee is not None:
        asked.append(Assign(agent=verdict.assignee))
    if verdict.priority is not None:
        asked.append(SetPriority(priority=Priority(verdict.priority)))
    if verdict.status is not None:
        asked.append(SetStatus(status=verdict.status))
    if verdict.type is not None:
        asked.append(SetType(type=verdict.type))
    if verdict.tags:
        asked.append(AddTags(tags=verdict.tags))
    if verdict.subject is not None:
        asked.append(SetSubject(subject=verdict.subject))
    found = (("sla", verdict.sla), ("equipment", verdict.equipment), ("location", verdict.location), ("project", verdict.project))
    asked += [SetField(name=name, value=value) for name, value in (*verdict.fields, *found) if value]
    if (estimate := estimate_of(verdict)) is not None:
        asked.append(estimate)
    if verdict.playbook is not None:
        asked.append(StartPlaybook(name=verdict.playbook))
    asked += [AddParticipant(address=address) for address in verdict.cc]
    return tuple(asked)


def estimate_of(verdict: Verdict) -> SetEstimate | None:
    """The estimate that a rule sets."""
    return SetEstimate(minutes=max(1, round(verdict.estimate.total_seconds() / 60))) if verdict.estimate else None
