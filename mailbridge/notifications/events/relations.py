"""Tickets that become one, or two, and what was taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailbridge.ids import ticket_number
from mailbridge.notifications.context import NotificationContext, notifications_to, title_of
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads import ByAuthor, ChangesUndone, OtherTicket
from mailbridge.notifications.recipients import customers, named, responsible, team_of
from mailbridge.tickets.events import Event, MailMoved, MergedFrom, MergedInto, Undone
from mailbridge.tickets.model import Role


def absorbed(event: Event, events: Sequence[Event], occasion: NotificationContext) -> Iterator[Notification]:
    """Whoever is responsible for the survivor hears what it took in; its new people their new number, where the team wants that."""
    what = event.what
    if not isinstance(what, MergedFrom):
        return
    payload = _other(what.ticket, event, occasion)
    told = responsible(occasion.ticket, occasion.organisation, event.at)
    yield from notifications_to(told, Audience.AGENT, "merged", occasion, payload=payload, but=event.actor)
    if "merged" in team_of(occasion.ticket, occasion.organisation).tells:
        new = {person.address.lower() for person in what.participants if person.role is not Role.MENTIONED}
        theirs = [person for person in customers(occasion.ticket) if person.address.lower() in new]
        yield from notifications_to(theirs, Audience.CUSTOMER, "merged", occasion, payload=payload)


def merged(event: Event, events: Sequence[Event], occasion: NotificationContext) -> Iterator[Notification]:
    """The agent who had the ticket that ended hears where it went."""
    what, ticket = event.what, occasion.ticket
    if not isinstance(what, MergedInto) or not ticket.assignee:
        return
    told = responsible(ticket, occasion.organisation, event.at)
    yield from notifications_to(told, Audience.AGENT, "merged", occasion, payload=_other(ticket.id, event, occasion), but=event.actor)


def moved(event: Event, events: Sequence[Event], occasion: NotificationContext) -> Iterator[Notification]:
    """A message became a ticket of its own: the old one's agents hear of it, and its writer where the team wants that."""
    what = event.what
    if not isinstance(what, MailMoved):
        return
    if what.to is not None:
        told = responsible(occasion.ticket, occasion.organisation, event.at)
        yield from notifications_to(told, Audience.AGENT, "split", occasion, payload=_other(what.to, event, occasion), but=event.actor)
    elif what.came_from is not None and "split" in team_of(occasion.ticket, occasion.organisation).tells:
        writer = customers(occasion.ticket)[:1]
        yield from notifications_to(writer, Audience.CUSTOMER, "split", occasion, payload=_other(what.came_from, event, occasion))


def undone(event: Event, events: Sequence[Event], occasion: NotificationContext) -> Iterator[Notification]:
    """Whose doing was taken back hears of it, if it was not their own idea; customers that their ticket is open after all."""
    what = event.what
    if not isinstance(what, Undone):
        return
    author = title_of(event.actor, occasion)
    payload = ChangesUndone(author=author, kept=what.kept)
    told = named((what.of,), occasion.organisation, event.at) if what.of and what.of != event.actor.name else ()
    yield from notifications_to(told, Audience.AGENT, "undone", occasion, payload=payload, but=event.actor)
    if what.reopens and "reopened" in team_of(occasion.ticket, occasion.organisation).tells:
        yield from notifications_to(customers(occasion.ticket), Audience.CUSTOMER, "reopened", occasion, payload=ByAuthor(author=author))


def _other(other: int, event: Event, occasion: NotificationContext) -> OtherTicket:
    return OtherTicket(author=title_of(event.actor, occasion), other=ticket_number(occasion.signer.prefix, other))
