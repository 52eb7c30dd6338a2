"""Somebody is put on a ticket, or has an appointment about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mailbridge.desk.events import (
    ActorKind,
    Event,
    InvitationAnswered,
    MeetingSet,
    MessageAdded,
    ParticipantAdded,
    RequesterChanged,
    TicketOpened,
)
from mailbridge.desk.model import Meeting, Participant, Role
from mailbridge.outbox.model import Audience, Notification
from mailbridge.outbox.occasion import Occasion, letters, title_of
from mailbridge.outbox.recipients import Recipient, customers, responsible, team_of


def added(event: Event, events: Sequence[Event], occasion: Occasion) -> Iterator[Notification]:
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
    tells = team_of(occasion.ticket, occasion.organisation).tells
    if event.actor.kind is ActorKind.CUSTOMER or somebody.role is Role.MENTIONED or "added" not in tells:
        return
    if any(isinstance(e.what, TicketOpened) or (isinstance(e.what, MessageAdded) and e.what.to_customer) for e in events):
        return
    values = (("author", title_of(event.actor, occasion)), ("requester", "yes" if asks else ""))
    automatic = event.actor.kind is not ActorKind.AGENT  # an agent chose whom to tell of it, whoever wrote it
    for letter in letters((_recipient(somebody, occasion),), Audience.CUSTOMER, "added", occasion, values=values):
        yield replace(letter, mail=None, automatic=automatic)  # the message is looked up when the mail is worded: never a note


def meeting(event: Event, events: Sequence[Event], occasion: Occasion) -> Iterator[Notification]:
    """The requester gets an invitation, and whoever has the ticket, or made the appointment, one for the own calendar."""
    what = event.what
    if not isinstance(what, MeetingSet) or event is not [e for e in events if isinstance(e.what, MeetingSet)][-1]:
        return  # only the last word of a mail goes into calendars
    about = (("author", title_of(event.actor, occasion)), *_meeting(what.meeting))
    for letter in letters(customers(occasion.ticket)[:1], Audience.CUSTOMER, "meeting", occasion, values=about):
        yield replace(letter, mail=None, automatic=False)  # the agent's own word, as an answer is
    mine = occasion.organisation.agents.get(occasion.ticket.assignee or event.actor.name)
    if mine is not None and mine.active:
        own = Recipient(address=mine.address, name=mine.title, language=mine.language)
        for letter in letters((own,), Audience.AGENT, "meeting", occasion, values=about):
            yield replace(letter, mail=None)


def answered(event: Event, events: Sequence[Event], occasion: Occasion) -> Iterator[Notification]:
    """Who has the ticket hears whether the customer comes."""
    what = event.what
    if not isinstance(what, InvitationAnswered) or occasion.ticket.meeting is None:
        return
    values = (("author", what.author), ("answer", what.answer), ("meets_at", occasion.ticket.meeting.at.isoformat()))
    told = responsible(occasion.ticket, occasion.organisation, event.at)
    yield from letters(told, Audience.AGENT, "meeting_answered", occasion, values=values, but=event.actor)


def _recipient(somebody: Participant, occasion: Occasion) -> Recipient:
    return Recipient(address=somebody.address, name=somebody.name, language=somebody.language or occasion.ticket.language)


def _meeting(about: Meeting) -> tuple[tuple[str, str], ...]:
    return (
        ("meets_at", about.at.isoformat()),
        ("minutes", str(about.minutes)),
        ("place", about.place),
        ("number", str(about.number)),
        ("sequence", str(about.sequence)),
        ("change", "cancelled" if about.cancelled else "moved" if about.sequence else ""),
    )
