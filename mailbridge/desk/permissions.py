"""Who may do what.  Asked by `desk.decide` and nowhere else."""

from __future__ import annotations

from mailbridge.desk.commands import (
    AddParticipant,
    AddTags,
    Answer,
    Assign,
    Close,
    Command,
    Note,
    Reopen,
    SetField,
    SetPriority,
    SetStatus,
    SetTeam,
    SetType,
)
from mailbridge.desk.events import Actor, ActorKind
from mailbridge.desk.model import Organisation, Ticket

AGENTS_ONLY = (
    Answer,
    Note,
    SetStatus,
    Close,
    Reopen,
    Assign,
    SetTeam,
    SetPriority,
    SetType,
    AddTags,
    SetField,
    AddParticipant,
)


def may(actor: Actor, command: Command, ticket: Ticket | None, organisation: Organisation) -> str:
    """'' where the actor may; else the key of the reason: 'agents-only', 'no-agent', 'inactive'."""
    if not isinstance(command, AGENTS_ONLY) or actor.kind in (ActorKind.ADMIN, ActorKind.RULE, ActorKind.CLOCK, ActorKind.SYSTEM):
        return ""
    if actor.kind is not ActorKind.AGENT:
        return "agents-only"
    agent = organisation.agents.get(actor.name)
    if agent is None:
        return "no-agent"
    return "" if agent.active else "inactive"
