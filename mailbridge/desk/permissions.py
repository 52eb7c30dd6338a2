"""Who may do what.  Asked by `desk.decide` and nowhere else."""

from __future__ import annotations

from mailbridge.desk.commands import Command, ExpireApproval, Open, RaiseAlert, RemindApproval, ReportFailure, Wake, Write
from mailbridge.desk.events import Actor, ActorKind
from mailbridge.desk.model import Organisation, Ticket

# What customers and clocks cause; everything else is an agent's.
NOT_ONLY_AGENTS = (Open, Write, RaiseAlert, ReportFailure, Wake, RemindApproval, ExpireApproval)


def may(actor: Actor, command: Command, ticket: Ticket | None, organisation: Organisation) -> str:
    """'' where the actor may; else the key of the reason: 'agents-only', 'no-agent', 'inactive'."""
    if isinstance(command, NOT_ONLY_AGENTS) or actor.kind in (ActorKind.ADMIN, ActorKind.RULE, ActorKind.CLOCK, ActorKind.SYSTEM):
        return ""
    if actor.kind is not ActorKind.AGENT:
        return "agents-only"
    agent = organisation.agents.get(actor.name)
    if agent is None:
        return "no-agent"
    return "" if agent.active else "inactive"
