"""Permissions.  Only `tickets.decide` and handlers ask for them.

Each class of command needs a right.  The rights of an agent come from `rules/teams.yaml`: the role (observer, agent, manager), the teams,
and what each team allows to agents of other teams.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from mailbridge.organisation.model import Agent, Organisation, Outsiders
from mailbridge.organisation.status import Mover
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.escalation import (
    Approve,
    ExpireApproval,
    RaiseAlert,
    ReassignApproval,
    Reject,
    RemindApproval,
    SendWaiting,
    StopSending,
)
from mailbridge.tickets.command_types.mails import CustomerMessage, InternalNote, Open, ReportFailure
from mailbridge.tickets.command_types.people import AnswerInvitation
from mailbridge.tickets.command_types.relations import Undo
from mailbridge.tickets.command_types.values import EndSnooze
from mailbridge.tickets.command_types.wishes import AskRating, Follow, Mute, RateTicket
from mailbridge.tickets.commands import Command
from mailbridge.tickets.model import Ticket


class Right(IntEnum):
    """What a command needs.  Each right includes those before it."""

    NONE = 0  # customers and clocks send it, too
    ASKED = 1  # an agent; the handler checks that it is one of the approvers
    NOTE = 2
    WORK = 3


# Commands that are not listed need WORK.
NEEDED: Mapping[type[Command], Right] = {
    Open: Right.NONE,
    CustomerMessage: Right.NONE,
    RaiseAlert: Right.NONE,
    ReportFailure: Right.NONE,
    EndSnooze: Right.NONE,
    AnswerInvitation: Right.NONE,
    RemindApproval: Right.NONE,
    ExpireApproval: Right.NONE,
    SendWaiting: Right.NONE,
    ReassignApproval: Right.NONE,  # whoever may hand over the work of an agent: `handling.agents.leaving`
    AskRating: Right.NONE,
    RateTicket: Right.NONE,
    Approve: Right.ASKED,
    Reject: Right.ASKED,
    StopSending: Right.ASKED,
    Undo: Right.ASKED,  # of one's own changes, also where the ticket was given away
    InternalNote: Right.NOTE,
    Follow: Right.NOTE,
    Mute: Right.NOTE,
}
_OUTSIDE = {Outsiders.MAY_WORK: Right.WORK, Outsiders.MAY_NOTE: Right.NOTE, Outsiders.NOTHING: Right.ASKED}


def may(actor: Actor, command: Command, ticket: Ticket | None, organisation: Organisation) -> str:
    """'' where the actor has permission, else the key of the reason: 'agents-only', 'no-agent', 'inactive', 'observer', 'other-team'."""
    needed = NEEDED.get(type(command), Right.WORK)
    if needed is Right.NONE or actor.kind in (ActorKind.ADMIN, ActorKind.RULE, ActorKind.CLOCK, ActorKind.SYSTEM):
        return ""
    if actor.kind is ActorKind.CONSULTANT and isinstance(command, InternalNote):
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
    """The highest right of an agent (who is no observer) on the ticket: all rights on tickets of the own teams, on assigned tickets
    and where work of the agent is planned."""
    team = organisation.teams.get(ticket.team)
    if team is None or agent.manager or ticket.assignee == agent.name or is_member(agent.name, ticket, organisation):
        return Right.WORK
    if any(plan.agent == agent.name and not plan.cancelled for plan in ticket.plans):
        return Right.WORK
    return _OUTSIDE[team.outsiders]


def sees(name: str, ticket: Ticket, organisation: Organisation) -> bool:
    """Whether the agent may read the ticket.  Only a team that allows nothing to other teams hides its tickets from them."""
    agent = organisation.agents.get(name)
    return agent is not None and agent.active and on_ticket(agent, ticket, organisation) >= Right.NOTE


def rights_of(agent: Agent) -> Right:
    """The highest right of the agent anywhere."""
    return Right.NOTE if agent.observer else Right.WORK


def is_member(name: str, ticket: Ticket, organisation: Organisation) -> bool:
    """Whether the agent belongs to the ticket's team, or to the team whose regions hand it over."""
    return any(team in organisation.teams_of(name) for team in (ticket.team, ticket.follow) if team)


def may_move(name: str, mover: Mover, ticket: Ticket, organisation: Organisation) -> bool:
    """Whether the agent may move the ticket into a status that is reserved for these movers."""
    agent, team = organisation.agents.get(name), organisation.teams.get(ticket.team)
    if mover is Mover.AGENT or agent is None:
        return agent is not None
    if agent.manager or (team is not None and name in team.managers):
        return True
    return mover is Mover.MEMBER and is_member(name, ticket, organisation)
