"""Appointments with the customer: made, moved, called off, answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from mailbridge.tickets.command_context import CommandContext, Judgement, Refusal
from mailbridge.tickets.commands import AnswerInvitation, ScheduleMeeting
from mailbridge.tickets.events import InvitationAnswered, MeetingSet
from mailbridge.tickets.model import Meeting, Ticket


def meet(ticket: Ticket, command: ScheduleMeeting, about: CommandContext) -> Judgement:
    """One appointment a ticket at a time: another time moves it, after it is over or called off the next one is new."""
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
    # RFC 5546, 2.1.4: whoever has it in a calendar takes a higher SEQUENCE for the newer word.
    return [MeetingSet(meeting=replace(wanted, number=standing.number, sequence=standing.sequence + 1))]


def answer_invitation(ticket: Ticket, command: AnswerInvitation, about: CommandContext) -> Judgement:
    """What counts is an answer to the appointment as it stands; one to an earlier time is only kept as the mail it came in."""
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
