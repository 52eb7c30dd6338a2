"""Appointments: whose calendars they go into, out of which they are taken, and who hears of the answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from mailbridge.notifications.context import NotificationContext, notifications_to, title_of
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.tickets import InvitationReply, Invited
from mailbridge.notifications.recipients import Recipient, customers, responsible
from mailbridge.tickets.event_types.people import InvitationAnswered, MeetingSet, RequesterChanged
from mailbridge.tickets.event_types.values import AssigneeChanged
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Meeting

CANCELLED, MOVED, GIVEN = "cancelled", "moved", "given"  # what changed; the first and the last take it out of a calendar


def made(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """The requester gets an invitation, and whoever has the ticket, or made the appointment, one for the own calendar."""
    what = event.what
    if not isinstance(what, MeetingSet) or event is not [e for e in events if isinstance(e.what, MeetingSet)][-1]:
        return  # only the last word of a mail goes into calendars
    change = CANCELLED if what.meeting.cancelled else MOVED if what.meeting.sequence else ""
    yield from _to_requester(what.meeting, change, event, context)
    yield from _to_agent(context.ticket.assignee or event.actor.name, what.meeting, change, event, context)


def handed_over(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """With the ticket its appointment goes from one agent's calendar into another's."""
    what, standing = event.what, _standing(context, event.at)
    if not isinstance(what, AssigneeChanged) or standing is None or any(isinstance(e.what, MeetingSet) for e in events):
        return
    has_it = context.ticket.assignee
    if what.before != has_it:
        yield from _to_agent(what.before, standing, GIVEN, event, context)
    if what.after == has_it:
        yield from _to_agent(has_it, standing, "", event, context)


def asked_anew(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """A new requester is invited too; who asked before stays on the ticket and may come along."""
    standing = _standing(context, event.at)
    if isinstance(event.what, RequesterChanged) and standing is not None and not any(isinstance(e.what, MeetingSet) for e in events):
        yield from _to_requester(standing, "", event, context)


def answered(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """Who has the ticket hears whether the customer comes."""
    what = event.what
    if not isinstance(what, InvitationAnswered) or context.ticket.meeting is None:
        return
    reply = InvitationReply(author=what.author, answer=what.answer, meets_at=context.ticket.meeting.at)
    told = responsible(context.ticket, context.organisation, event.at)
    yield from notifications_to(told, Audience.AGENT, "meeting_answered", context, payload=reply, but=event.actor)


def _standing(context: NotificationContext, now: datetime) -> Meeting | None:
    """The appointment that lies ahead."""
    meeting = context.ticket.meeting
    return meeting if meeting is not None and not meeting.cancelled and meeting.at > now else None


def _to_requester(about: Meeting, change: str, event: Event, context: NotificationContext) -> Iterator[Notification]:
    payload = _invited(about, change, event, context)
    for letter in notifications_to(customers(context.ticket)[:1], Audience.CUSTOMER, "meeting", context, payload=payload):
        yield replace(letter, mail=None, automatic=False)  # the agent's own word, as an answer is


def _to_agent(name: str, about: Meeting, change: str, event: Event, context: NotificationContext) -> Iterator[Notification]:
    """Also where it is the agent's own doing: a calendar learns it from the mail alone."""
    agent = context.organisation.agents.get(name)
    if agent is None or not agent.active:
        return
    own = Recipient(address=agent.address, name=agent.title, language=agent.language)
    for letter in notifications_to((own,), Audience.AGENT, "meeting", context, payload=_invited(about, change, event, context)):
        yield replace(letter, mail=None)


def _invited(about: Meeting, change: str, event: Event, context: NotificationContext) -> Invited:
    return Invited(
        author=title_of(event.actor, context),
        meets_at=about.at,
        minutes=about.minutes,
        place=about.place,
        number=about.number,
        sequence=about.sequence,
        change=change,
    )
