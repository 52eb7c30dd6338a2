"""Handlers for appointments with the customer: schedule, move, cancel, answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from mailbridge.tickets.command_context import CommandContext, HandlerResult, Refusal
from mailbridge.tickets.command_types.people import AnswerInvitation, ScheduleMeeting
from mailbridge.tickets.event_types.people import InvitationAnswered, MeetingSet
from mailbridge.tickets.model import Meeting, Ticket


def schedule_meeting(ticket: Ticket, command: ScheduleMeeting, about: CommandContext) -> HandlerResult:
    """A ticket has one appointment at a time: another time moves it.  After it is over or cancelled, the next one is new."""
    standing = _standing(ticket, about)
    if command.at is None:
        if standing is None:
            return Refusal(reason="no-meeting")
        return [MeetingSet(meeting=replace(standing, cancelled=True, sequence=standing.sequence + 1, answers=()))]
    if command.at <= about.now:
        return Refusal(reason="in-the-past")
    if ticket.closed_at is not None:
        return Refusal(reason="is-closed")
    wanted = Meeting(at=command.at, minutes=command.minutes, place=command.place)
    if standing is None:
        return [MeetingSet(meeting=replace(wanted, number=ticket.meeting.number + 1 if ticket.meeting else 1))]
    if (standing.at, standing.minutes, standing.place) == (wanted.at, wanted.minutes, wanted.place):
        return []
    # RFC 5546, 2.1.4: calendars take the higher SEQUENCE as the newer version.
    return [MeetingSet(meeting=replace(wanted, number=standing.number, sequence=standing.sequence + 1))]


def answer_invitation(ticket: Ticket, command: AnswerInvitation, about: CommandContext) -> HandlerResult:
    """Records an answer to the current appointment.  An answer to an earlier time is only stored as a mail."""
    standing = ticket.meeting
    if standing is None or standing.cancelled or (command.number, command.sequence) != (standing.number, standing.sequence):
        return []
    if (command.author, command.answer) in standing.answers or not command.answer:
        return []
    return [InvitationAnswered(author=command.author, answer=command.answer)]


def _standing(ticket: Ticket, about: CommandContext) -> Meeting | None:
    meeting = ticket.meeting
    if meeting is None or meeting.cancelled or meeting.at + timedelta(minutes=meeting.minutes) <= about.now:
        return None
    return meeting
