"""Tickets that become one, or two, and what was taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailbridge.ids import ticket_number
from mailbridge.notifications.context import NotificationContext, notifications_to, title_of, unless_told
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.tickets import ByAuthor, ChangesUndone, OtherTicket
from mailbridge.notifications.recipients import customers, named, responsible
from mailbridge.tickets.event_types.relations import MailMoved, MergedFrom, MergedInto, Undone
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Role


def merged_from(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """Notifies whoever is responsible for the survivor, and the people of the ended ticket, also those who are on both, of their new
    number, where the team wants that."""
    what = event.what
    if not isinstance(what, MergedFrom):
        return
    payload = _other(what.ticket, event, context)
    told = responsible(context.ticket, context.organisation, event.at)
    yield from notifications_to(told, Audience.AGENT, "merged", context, payload=payload, but=event.actor)
    new = {person.address.lower() for person in what.participants if person.role is not Role.MENTIONED}
    theirs = [person for person in customers(context.ticket) if person.address.lower() in new | context.on_merged]
    yield from notifications_to(theirs, Audience.CUSTOMER, "merged", context, payload=payload, skipped=unless_told("merged", context))


def merged(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """The agent who had the ticket that ended hears where it went."""
    what, ticket = event.what, context.ticket
    if not isinstance(what, MergedInto) or not ticket.assignee:
        return
    told = responsible(ticket, context.organisation, event.at)
    yield from notifications_to(told, Audience.AGENT, "merged", context, payload=_other(ticket.id, event, context), but=event.actor)


def moved(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """A message became a ticket of its own: the old one's agents hear of it, and its writer where the team wants that."""
    what = event.what
    if not isinstance(what, MailMoved):
        return
    if what.to is not None:
        told = responsible(context.ticket, context.organisation, event.at)
        yield from notifications_to(told, Audience.AGENT, "split", context, payload=_other(what.to, event, context), but=event.actor)
    elif what.came_from is not None:
        writer, payload = customers(context.ticket)[:1], _other(what.came_from, event, context)
        yield from notifications_to(writer, Audience.CUSTOMER, "split", context, payload=payload, skipped=unless_told("split", context))


def undone(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """Whose doing was taken back hears of it, if it was not their own idea; customers that their ticket is open after all."""
    what = event.what
    if not isinstance(what, Undone):
        return
    author = title_of(event.actor, context)
    payload = ChangesUndone(author=author, kept=what.kept)
    told = named((what.of,), context.organisation, event.at) if what.of and what.of != event.actor.name else ()
    yield from notifications_to(told, Audience.AGENT, "undone", context, payload=payload, but=event.actor)
    knows = not what.moved or not unless_told("merged", context)  # customers who never heard of a merge hear nothing of its end
    if what.reopens and knows and not what.unmarked:
        again, skipped = ByAuthor(author=author), unless_told("reopened", context)
        yield from notifications_to(customers(context.ticket), Audience.CUSTOMER, "reopened", context, payload=again, skipped=skipped)


def _other(other: int, event: Event, context: NotificationContext) -> OtherTicket:
    return OtherTicket(author=title_of(event.actor, context), other=ticket_number(context.signer.prefix, other))
