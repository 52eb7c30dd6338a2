"""The customer's contact is asked whether somebody may ask for help, and the team hears of a new ticket with what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mailbridge.notifications.context import NotificationContext, notifications_to
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.tickets import MayAsk, NewTicket
from mailbridge.notifications.recipients import Recipient, team_of, whole_team
from mailbridge.tickets.deadlines import UNANSWERED
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import ASKED, ASKING


def contact_asked(context: NotificationContext, *, again: bool = False) -> Iterator[Notification]:
    """The question to the customer's contact whether the writer may ask.  `again`: a reminder."""
    asked, _, contact = dict(context.ticket.fields).get(ASKING, "").partition(" ")
    requester = context.ticket.requester
    if (context.answerable or again) and asked == ASKED and requester is not None:
        payload = MayAsk(writer=requester.address, name=requester.name, again=again)
        person = Recipient(address=contact, language=context.language_at(contact) or context.ticket.language)
        yield from notifications_to([person], Audience.CUSTOMER, "may_ask", context, payload=payload)


def contact_reminded(context: NotificationContext) -> Iterator[Notification]:
    """The same question once more."""
    return contact_asked(context, again=True)


def contact_silent(event: Event, context: NotificationContext) -> Iterator[Notification]:
    """The team decides now, because the contact has not answered."""
    team = whole_team(team_of(context.ticket, context.organisation), context.organisation, event.at)
    yield from notifications_to(team, Audience.AGENT, "new", context, payload=replace(new_ticket(context), asking=UNANSWERED))


def new_ticket(context: NotificationContext) -> NewTicket:
    news = context.news
    asking, _, contact = dict(context.ticket.fields).get(ASKING, "").partition(" ")
    return NewTicket(
        said_by=news.said_by,
        reported=news.reported,
        follows=news.follows,
        doubt=news.doubt,
        other_reply_to=news.other_reply_to,
        asking=asking,
        contact=contact,
        fits=news.suggested.fits,
        solved=news.suggested.solved,
    )
