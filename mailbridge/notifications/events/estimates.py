"""The estimate, told to the requester where the team wants that: with the receipt, and again when it changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailbridge.notifications.context import NotificationContext, notifications_to, unless_told
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.tickets import Estimated
from mailbridge.notifications.recipients import customers, team_of
from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.event_types.mails import TicketOpened
from mailbridge.tickets.event_types.relations import Undone
from mailbridge.tickets.event_types.work import EstimateSet
from mailbridge.tickets.events import Event

STEP, RECEIPT = "estimate", "received"
_BY_PEOPLE = (ActorKind.AGENT, ActorKind.ADMIN)  # their changes are told also where no mail of the customer may be answered


def in_receipt(context: NotificationContext) -> int | None:
    """The minutes that the receipt of a new ticket says; a receipt that a rule chose has words of its own."""
    tells = team_of(context.ticket, context.organisation).tells
    return context.ticket.estimate if STEP in tells and context.receipt == RECEIPT else None


def estimated(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """Told once for all changes of one mail, and only where they leave another value.  Not to a requester whose address nobody has proven:
    that mail could not name the number."""
    changes = [change for one in events if (change := _change(one)) is not None]
    change = _change(event)
    if change is None or change is not changes[-1] or not _wanted(event, context):
        return
    before = changes[0].before
    if change.after == before or _said_by_receipt(events, context):
        return
    payload = Estimated(minutes=change.after, before=before, most=change.most)
    skipped = unless_told(STEP, context)
    yield from notifications_to(customers(context.ticket)[:1], Audience.CUSTOMER, STEP, context, payload=payload, skipped=skipped)


def _change(event: Event) -> EstimateSet | None:
    match event.what:
        case EstimateSet() as change:
            return change
        case Undone(estimate=EstimateSet() as change):
            return change
    return None


def _wanted(event: Event, context: NotificationContext) -> bool:
    ticket = context.ticket
    allowed = context.answerable or event.actor.kind in _BY_PEOPLE
    return allowed and ticket.verified and ticket.closed_at is None


def _said_by_receipt(events: Sequence[Event], context: NotificationContext) -> bool:
    opens = any(isinstance(event.what, TicketOpened) for event in events)
    has_receipt = RECEIPT in team_of(context.ticket, context.organisation).tells and context.answerable
    return opens and has_receipt and in_receipt(context) is not None
