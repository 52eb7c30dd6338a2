"""The hour bank of a ticket has passed a level."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mailbridge.notifications.context import NotificationContext, notifications_to
from mailbridge.notifications.model import Audience, Class, Notification
from mailbridge.notifications.payloads.tickets import HoursNews
from mailbridge.notifications.recipients import Recipient, customers, managers, responsible
from mailbridge.notifications.summary import length
from mailbridge.tickets.event_types.work import HoursAlerted
from mailbridge.tickets.events import Event

EVENT = "hours"
PEOPLE = "*"  # in `HoursAlerted.customer`: who asked on the ticket


def alerted(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """Who has the ticket, the managers, and by the contract the customer; nobody twice."""
    what = event.what
    if not isinstance(what, HoursAlerted):
        return
    news = HoursNews(level=what.level, left=length(what.left), granted=length(what.granted), over=length(what.over), until=what.until)
    agents = responsible(context.ticket, context.organisation, event.at)
    known = {one.address.lower() for one in agents}
    above = (one for one in managers(context.ticket, context.organisation, event.at) if one.address.lower() not in known)
    told = [
        *notifications_to(agents, Audience.AGENT, EVENT, context, payload=news),
        *notifications_to(above, Audience.MANAGER, EVENT, context, payload=news),
    ]
    for promise in told:
        yield replace(promise, class_=Class.REMINDER)
    if what.customer:
        yield from notifications_to(_customers(what, context), Audience.CUSTOMER, EVENT, context, payload=news)


def _customers(what: HoursAlerted, context: NotificationContext) -> tuple[Recipient, ...]:
    if what.customer == PEOPLE:
        # What a contract holds is told to nobody who is not proven, and not to others on the ticket, who may belong to another customer.
        requester = context.ticket.requester if context.ticket.verified else None
        return tuple(one for one in customers(context.ticket) if requester and one.address == requester.address)
    person = context.ticket.participant(what.customer)
    language = context.language_at(what.customer) or (person.language if person else "") or context.ticket.language
    return (Recipient(address=what.customer, name=person.name if person else "", language=language),)
