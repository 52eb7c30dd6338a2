"""Mails on a ticket: a customer's, an agent's answer, a note; and what clocks and deliveries have to say."""

from __future__ import annotations

from mailbridge.organisation import transitions
from mailbridge.organisation.model import Team
from mailbridge.tickets.command_context import CommandContext, Judgement
from mailbridge.tickets.commands import AgentReply, CustomerMessage, InternalNote, RaiseAlert, ReportFailure
from mailbridge.tickets.events import (
    ActorKind,
    AlertRaised,
    AssigneeChanged,
    DeliveryFailed,
    MessageAdded,
    ParticipantAdded,
    SnoozeEnded,
    TicketEvent,
)
from mailbridge.tickets.handlers.state import moved
from mailbridge.tickets.model import Participant, Role, Ticket


def write(ticket: Ticket, command: CustomerMessage, about: CommandContext) -> Judgement:
    """A customer's mail wakes a ticket that waits, sleeps or is closed; a robot's moves nothing, nor does what was sent long ago."""
    if command.sent:
        return [MessageAdded(author=command.author, to_customer=True)]
    happened: list[TicketEvent] = [MessageAdded(author=command.author, automatic=command.automatic)]
    if command.automatic:
        return happened
    state = transitions.status(ticket.status, about.organisation)
    if not state.open or state.waiting:
        happened += moved(ticket, transitions.OPEN, about.organisation)
    if ticket.snoozed_until is not None:
        happened.append(SnoozeEnded(by_mail=True))
    happened += [ParticipantAdded(participant=other) for other in command.others if _is_news(other, ticket)]
    return happened


def _is_news(somebody: Participant, ticket: Ticket) -> bool:
    """Whether the copy puts them on the ticket, or lets them hear of it."""
    known = ticket.participant(somebody.address)
    return known is None or (known.role is Role.MENTIONED and somebody.role is Role.PARTICIPANT)


def answer(ticket: Ticket, command: AgentReply, about: CommandContext) -> Judgement:
    """The customer gets it; the first to answer owns the ticket where the team wants that."""
    happened: list[TicketEvent] = [MessageAdded(author=about.actor.name, to_customer=True)]
    team = about.organisation.teams.get(ticket.team, Team(name="", title=""))
    if not ticket.assignee and team.answer_owns and about.actor.kind is ActorKind.AGENT:
        happened.append(AssigneeChanged(before="", after=about.actor.name))
    if ticket.status == transitions.NEW:
        happened += moved(ticket, transitions.OPEN, about.organisation)
    return happened


def note(ticket: Ticket, command: InternalNote, about: CommandContext) -> Judgement:
    return [MessageAdded(author=about.actor.name, internal=True)]


def raise_alert(ticket: Ticket, command: RaiseAlert, about: CommandContext) -> Judgement:
    return [AlertRaised(promise=command.promise, alert=command.alert, due_at=command.due_at)]


def report_failure(ticket: Ticket, command: ReportFailure, about: CommandContext) -> Judgement:
    return [DeliveryFailed(recipient=command.recipient, what=command.what, reason=command.reason)]
