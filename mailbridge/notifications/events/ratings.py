"""The question for a rating, and the customer's grade."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mailbridge.notifications.context import NotificationContext, notifications_to
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.tickets import Answered, Closed, Rated
from mailbridge.notifications.recipients import customers, managers, named, responsible
from mailbridge.organisation.people import RatingPolicy
from mailbridge.tickets.event_types.wishes import RatingAsked, TicketRated
from mailbridge.tickets.events import Event

ASKS = "rating"  # the mail that asks for nothing else


def asks_for_rating(events: Sequence[Event]) -> bool:
    """Whether the requester is asked for a rating because of these events."""
    return any(isinstance(event.what, RatingAsked) for event in events)


def asked(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """The question in a mail of its own; it is left out where another mail of this act asks it."""
    yield from notifications_to(customers(context.ticket)[:1], Audience.CUSTOMER, ASKS, context)


def rated(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """Whoever has the ticket reads the grade with its comment, else whoever answered, else the team; the managers read a low one."""
    what, organisation = event.what, context.organisation
    if not isinstance(what, TicketRated):
        return
    agent = organisation.agents.get(what.agent)
    payload = Rated(author=what.author, grade=what.grade, agent=agent.title if agent else what.agent, before=what.before)
    team = organisation.teams.get(what.team)
    policy = (team.ratings if team else None) or RatingPolicy()
    low = what.grade <= policy.low
    bosses = tuple(managers(context.ticket, organisation, event.at)) if low else ()
    told = {boss.address.lower() for boss in bosses}
    yield from notifications_to(bosses, Audience.MANAGER, "rated", context, payload=payload)
    answered = () if context.ticket.assignee else named((what.agent,), organisation, event.at)
    readers = answered or (() if bosses and not context.ticket.assignee else responsible(context.ticket, organisation, event.at))
    workers = [one for one in readers if one.address.lower() not in told]
    yield from notifications_to(workers, Audience.AGENT, "rated", context, payload=payload)


def with_question(notifications: Iterator[Notification], events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """The mails about the end of a request, that to the requester with the question where one is asked."""
    first = customers(context.ticket)[:1] if asks_for_rating(events) else ()
    for notification in notifications:
        payload = notification.payload
        if first and notification.recipient == first[0].address and isinstance(payload, Answered | Closed):
            yield replace(notification, payload=replace(payload, rating=True))
        else:
            yield notification
