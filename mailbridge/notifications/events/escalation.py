"""A ticket that goes up: the consultant who is asked, and the customer where the team tells them.  Teams and agents hear of it by what
else changes: their new ticket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mailbridge.notifications.context import NotificationContext, notifications_to, title_of, unless_told
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.tickets import ByAuthor, EscalatedTo
from mailbridge.notifications.recipients import Recipient, customers, team_of
from mailbridge.tickets.event_types.escalation import Escalated
from mailbridge.tickets.events import Event


def escalated(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    what = event.what
    if not isinstance(what, Escalated):
        return
    consultant = context.organisation.consultants.get(what.to) if what.kind == "consultant" else None
    if consultant is not None:
        asked = Recipient(address=consultant.address, name=consultant.title, language=consultant.language)
        author = ByAuthor(author=title_of(event.actor, context))
        for promise in notifications_to([asked], Audience.AGENT, "consulted", context, payload=author):
            yield replace(promise, mail=event.mail or context.mail)  # what waited for a yes is told with the asker's own words
    team = team_of(context.ticket, context.organisation)
    to, skipped = EscalatedTo(team=team.title if what.kind == "team" else ""), unless_told("escalated", context)
    yield from notifications_to(customers(context.ticket), Audience.CUSTOMER, "escalated", context, payload=to, skipped=skipped)
