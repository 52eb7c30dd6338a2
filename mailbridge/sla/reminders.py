"""Reminders by working day: what managers hear again each working day until somebody acts.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from mailbridge.sla.calendar import Calendar, local, next_open, open_stretches
from mailbridge.sla.clock import Deadline, Pause
from mailbridge.sla.zones import moment_of

MORNING = time(8)  # when a team is reminded that works through the night
_DAY = timedelta(days=1)
_REMINDER = re.compile(r"(?P<base>\S+) \d{4}-\d\d-\d\d")


def with_reminders(first: Deadline, calendar: Calendar, pauses: Sequence[Pause], now: datetime) -> Iterator[Deadline]:
    """The first alert, and where it has come the reminders that matter now: the latest one that has passed, and the next one.

    A reminder comes on each working day after that of the first alert, when the team begins to work.  Its step names the day, so that each
    is told once.  None comes while the ticket waits.
    """
    yield first
    if first.due_at > now:
        return
    told_on = local(first.due_at, calendar).date()
    for day in (_latest(told_on, calendar, now), _following(told_on, calendar, now)):
        moment = _begins(day, calendar) if day is not None else None
        if day is not None and moment is not None and not _paused(moment, pauses):
            yield replace(first, step=f"{first.step} {day.isoformat()}", due_at=moment)


def base_of(step: str) -> str:
    """The step without the day of a reminder: "unclaimed" of "unclaimed 2026-03-02"."""
    found = _REMINDER.fullmatch(step)
    return found["base"] if found else step


def _latest(after: date, calendar: Calendar, now: datetime) -> date | None:
    """The latest working day after this one whose work has begun by now."""
    day = local(now, calendar).date()
    while day > after:
        begins = _begins(day, calendar)
        if begins is not None and begins <= now:
            return day
        day -= _DAY
    return None


def _following(after: date, calendar: Calendar, now: datetime) -> date:
    """The first working day after this one whose work begins later than now."""
    day = max(after + _DAY, local(now, calendar).date())
    while True:
        day = local(next_open(moment_of(day, time.min, calendar.zone), calendar), calendar).date()
        begins = _begins(day, calendar)
        if begins is not None and begins > now:
            return day
        day += _DAY


def _begins(day: date, calendar: Calendar) -> datetime | None:
    """When the team begins to work on this day by its wall clock; at MORNING where it has worked since midnight.  None: it does not."""
    midnight, following = (moment_of(one, time.min, calendar.zone) for one in (day, day + _DAY))
    morning = moment_of(day, MORNING, calendar.zone)
    for opens, closes in open_stretches(midnight, following, calendar):
        return morning if opens == midnight and morning < closes else opens
    return None


def _paused(moment: datetime, pauses: Sequence[Pause]) -> bool:
    return any(begin <= moment and (end is None or moment < end) for begin, end in pauses)
