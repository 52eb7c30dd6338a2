"""Handlers for mails on a ticket (a customer's message, a reply, a note), for deadlines and for failed deliveries."""

from __future__ import annotations

from mailbridge.organisation import transitions
from mailbridge.organisation.model import Team
from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.command_context import CommandContext, HandlerResult
from mailbridge.tickets.command_types.escalation import RaiseAlert
from mailbridge.tickets.command_types.mails import AgentReply, CustomerMessage, InternalNote, ReportFailure
from mailbridge.tickets.event_types.escalation import AlertRaised
from mailbridge.tickets.event_types.mails import DeliveryFailed, MessageAdded
from mailbridge.tickets.event_types.people import ParticipantAdded
from mailbridge.tickets.event_types.values import AssigneeChanged, SnoozeEnded
from mailbridge.tickets.events import TicketEvent
from mailbridge.tickets.handlers.state import moved
from mailbridge.tickets.model import Participant, Role, Ticket


def write(ticket: Ticket, command: CustomerMessage, about: CommandContext) -> HandlerResult:
    """A customer's mail.  It reopens a ticket that waits, is snoozed or closed.  Automatic and imported mails change nothing.  One that
    says that the request is solved closes the ticket."""
    if command.sent:
        return [MessageAdded(author=command.author, to_customer=True)]
    happened: list[TicketEvent] = [MessageAdded(author=command.author, automatic=command.automatic)]
    if command.automatic:
        return happened
    if command.solved:
        return [*happened, *(moved(ticket, transitions.CLOSED, about.organisation) if ticket.status != transitions.CLOSED else [])]
    state = transitions.status(ticket.status, about.organisation)
    if not state.open or state.waiting:
        happened += moved(ticket, transitions.OPEN, about.organisation)
    if ticket.snoozed_until is not None:
        happened.append(SnoozeEnded(by_mail=True))
    happened += [ParticipantAdded(participant=other) for other in command.others if _is_news(other, ticket)]
    return happened


def _is_news(somebody: Participant, ticket: Ticket) -> bool:
    """Whether the copy adds the person to the ticket, or makes them a participant."""
    known = ticket.participant(somebody.address)
    return known is None or (known.role is Role.MENTIONED and somebody.role is Role.PARTICIPANT)


def answer(ticket: Ticket, command: AgentReply, about: CommandContext) -> HandlerResult:
    """A reply to the customer.  The first agent to reply becomes the assignee, where the team wants that."""
    said = MessageAdded(author=about.actor.name, to_customer=True, mentions=command.mentions, encrypted=command.encrypted)
    happened: list[TicketEvent] = [said]
    team = about.organisation.teams.get(ticket.team) or Team(name="", title="")
    if not ticket.assignee and team.answer_owns and about.actor.kind is ActorKind.AGENT:
        happened.append(AssigneeChanged(before="", after=about.actor.name))
    if ticket.status == transitions.NEW:
        happened += moved(ticket, transitions.OPEN, about.organisation)
    return happened


def note(ticket: Ticket, command: InternalNote, about: CommandContext) -> HandlerResult:
    return [MessageAdded(author=about.actor.name, internal=True, mentions=command.mentions)]


def raise_alert(ticket: Ticket, command: RaiseAlert, about: CommandContext) -> HandlerResult:
    said = AlertRaised(
        promise=command.promise,
        alert=command.alert,
        due_at=command.due_at,
        tell=command.tell,
        target_at=command.target_at,
        why=command.why,
    )
    return [said]


def report_failure(ticket: Ticket, command: ReportFailure, about: CommandContext) -> HandlerResult:
    failed = DeliveryFailed(
        recipient=command.recipient, what=command.what, reason=command.reason, proven=command.proven, waits=command.waits
    )
    return [failed]
