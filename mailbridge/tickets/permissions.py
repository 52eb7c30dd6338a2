"""Who may do what.  Asked by `tickets.decide` and by judges, and nowhere else.

Each class of command needs a right; what gives an agent rights is data of `rules/teams.yaml`: the role (observer, agent, manager), the
teams, and what each team lets agents of other teams do on its tickets.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from mailbridge.organisation.model import Agent, Organisation, Outsiders
from mailbridge.organisation.status import Mover
from mailbridge.tickets.commands import (
    AnswerInvitation,
    Approve,
    Command,
    CustomerMessage,
    EndSnooze,
    ExpireApproval,
    InternalNote,
    Open,
    RaiseAlert,
    Reject,
    RemindApproval,
    ReportFailure,
    Undo,
)
from mailbridge.tickets.events import Actor, ActorKind
from mailbridge.tickets.model import Ticket


class Right(IntEnum):
    """What a command needs; whoever has one has those before it."""

    NONE = 0  # customers and clocks cause it too
    ASKED = 1  # an agent; the judge looks whether it is one of those that were asked
    NOTE = 2
    WORK = 3


# All that is not named here is work.
NEEDED: Mapping[type[Command], Right] = {
    Open: Right.NONE,
    CustomerMessage: Right.NONE,
    RaiseAlert: Right.NONE,
    ReportFailure: Right.NONE,
    EndSnooze: Right.NONE,
    AnswerInvitation: Right.NONE,
    RemindApproval: Right.NONE,
    ExpireApproval: Right.NONE,
    Approve: Right.ASKED,
    Reject: Right.ASKED,
    Undo: Right.ASKED,  # of one's own doing, also where it gave the ticket away
    InternalNote: Right.NOTE,
}
_OUTSIDE = {Outsiders.MAY_WORK: Right.WORK, Outsiders.MAY_NOTE: Right.NOTE, Outsiders.NOTHING: Right.ASKED}


def may(actor: Actor, command: Command, ticket: Ticket | None, organisation: Organisation) -> str:
    """'' where the actor may; else the key of the reason: 'agents-only', 'no-agent', 'inactive', 'observer', 'other-team'."""
    needed = NEEDED.get(type(command), Right.WORK)
    if needed is Right.NONE or actor.kind in (ActorKind.ADMIN, ActorKind.RULE, ActorKind.CLOCK, ActorKind.SYSTEM):
        return ""
    if actor.kind is ActorKind.CONSULTANT and needed is Right.NOTE:
        return ""
    if actor.kind is not ActorKind.AGENT:
        return "agents-only"
    agent = organisation.agents.get(actor.name)
    if agent is None:
        return "no-agent"
    if not agent.active:
        return "inactive"
    if agent.observer and needed > Right.NOTE:
        return "observer"
    return "other-team" if ticket is not None and needed > on_ticket(agent, ticket, organisation) else ""


def on_ticket(agent: Agent, ticket: Ticket, organisation: Organisation) -> Right:
    """The most an agent who observes nothing may do there: everything on tickets of the own teams and on those that are the agent's."""
    team = organisation.teams.get(ticket.team)
    if team is None or agent.manager or ticket.assignee == agent.name or is_member(agent.name, ticket, organisation):
        return Right.WORK
    return _OUTSIDE[team.outsiders]


def sees(name: str, ticket: Ticket, organisation: Organisation) -> bool:
    """Whether the agent may read the ticket: everybody but those whom its team lets do nothing there."""
    agent = organisation.agents.get(name)
    return agent is not None and agent.active and on_ticket(agent, ticket, organisation) >= Right.NOTE


def rights_of(agent: Agent) -> Right:
    """The most the agent may do anywhere."""
    return Right.NOTE if agent.observer else Right.WORK


def is_member(name: str, ticket: Ticket, organisation: Organisation) -> bool:
    """Whether the agent belongs to the ticket's team, or to the team whose regions hand it round."""
    return any(team in organisation.teams_of(name) for team in (ticket.team, ticket.follow) if team)


def may_move(name: str, mover: Mover, ticket: Ticket, organisation: Organisation) -> bool:
    """Whether the agent may move the ticket into a status that is for these movers."""
    agent, team = organisation.agents.get(name), organisation.teams.get(ticket.team)
    if mover is Mover.AGENT or agent is None:
        return agent is not None
    if agent.manager or (team is not None and name in team.managers):
        return True
    return mover is Mover.MEMBER and is_member(name, ticket, organisation)
