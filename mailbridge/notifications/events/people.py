"""Somebody is put on a ticket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mailbridge.notifications.context import NotificationContext, notifications_to, title_of, unless_told
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.tickets import Added
from mailbridge.notifications.recipients import Recipient
from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.event_types.mails import MessageAdded, TicketOpened
from mailbridge.tickets.event_types.people import ParticipantAdded, RequesterChanged
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Participant, Role


def added(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """Whoever an agent or a rule puts on the ticket hears of it, with its latest public message.

    Not who was copied by a customer and has that mail already, nor who gets an answer from the same mail anyway.
    """
    what = event.what
    if isinstance(what, ParticipantAdded):
        somebody, asks = what.participant, False
    elif isinstance(what, RequesterChanged):
        somebody, asks = what.after, True
    else:
        return
    if event.actor.kind is ActorKind.CUSTOMER or somebody.role is Role.MENTIONED:
        return
    if any(isinstance(e.what, TicketOpened) or (isinstance(e.what, MessageAdded) and e.what.to_customer) for e in events):
        return
    payload = Added(author=title_of(event.actor, context), requester=asks)
    automatic = event.actor.kind is not ActorKind.AGENT  # an agent chose whom to tell of it, whoever wrote it
    person, skipped = (_recipient(somebody, context),), unless_told("added", context)
    for letter in notifications_to(person, Audience.CUSTOMER, "added", context, payload=payload, skipped=skipped):
        yield replace(letter, mail=None, automatic=automatic)  # the message is looked up when the mail is worded: never a note


def _recipient(somebody: Participant, context: NotificationContext) -> Recipient:
    return Recipient(address=somebody.address, name=somebody.name, language=somebody.language or context.ticket.language)
