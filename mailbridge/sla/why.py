"""Why something is due when it is: the time since the start as a list of counted, closed and paused stretches.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mailbridge.sla.calendar import Calendar, local, open_stretches
from mailbridge.sla.clock import Pause, due_with_pauses, merged

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Counting(StrEnum):
    COUNTED = "counted"
    CLOSED = "closed"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A piece of time and what it meant for the clock.  `end` None: it goes on."""

    start: datetime
    end: datetime | None
    kind: Counting

    @property
    def counted(self) -> timedelta:
        return self.end - self.start if self.kind is Counting.COUNTED and self.end is not None else timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The stretches from the start to the due time, without a gap.  `due_at` None: the clock stands, and `left` of the budget remains."""

    due_at: datetime | None
    budget: timedelta
    stretches: tuple[Stretch, ...]

    @property
    def counted(self) -> timedelta:
        return sum((stretch.counted for stretch in self.stretches), timedelta(0))

    @property
    def left(self) -> timedelta:
        return self.budget - self.counted


def why(*, start: datetime, budget: timedelta, waiting: Sequence[Pause], calendar: Calendar) -> Why:
    """Every stretch from `start` to the moment at which `budget` is used up, or to the pause that has not ended."""
    due_at = due_with_pauses(start, calendar, budget, waiting)
    return Why(due_at=due_at, budget=budget, stretches=tuple(_stretches(start, due_at, merged(waiting), calendar)))


def _stretches(start: datetime, end: datetime | None, pauses: tuple[Pause, ...], calendar: Calendar) -> Iterator[Stretch]:
    for begin, stop in pauses:
        if (stop is not None and stop <= start) or (end is not None and begin >= end):
            continue
        yield from _between(start, begin, calendar)
        yield Stretch(start=max(start, begin), end=stop, kind=Counting.PAUSED)
        if stop is None:
            return
        start = stop
    if end is not None:
        yield from _between(start, end, calendar)


def _between(start: datetime, end: datetime, calendar: Calendar) -> Iterator[Stretch]:
    """Counted and closed stretches in turns."""
    for opens, closes in open_stretches(start, end, calendar):
        if start < opens:
            yield Stretch(start=start, end=opens, kind=Counting.CLOSED)
        yield Stretch(start=opens, end=closes, kind=Counting.COUNTED)
        start = closes
    if start < end:
        yield Stretch(start=start, end=end, kind=Counting.CLOSED)


def lines(answer: Why, calendar: Calendar) -> tuple[str, ...]:
    """The stretches as the command line prints them, one a line, times as the team's wall clock shows them."""
    return tuple(_line(stretch, answer.due_at, calendar) for stretch in answer.stretches)


def _line(stretch: Stretch, due_at: datetime | None, calendar: Calendar) -> str:
    times = f"{_when(stretch.start, calendar)} – {_end(stretch, calendar)}"
    if stretch.kind is Counting.COUNTED:
        mark = f"   due {_when(stretch.end, calendar)}" if stretch.end == due_at and stretch.end is not None else ""
        return f"{times:<23}  counted   {_hours(stretch.counted)}{mark}"
    if stretch.kind is Counting.PAUSED:
        return f"{times:<23}  paused: waiting for customer"
    return f"{times:<23}  closed{_closed_days(stretch, calendar)}"


def _end(stretch: Stretch, calendar: Calendar) -> str:
    if stretch.end is None:
        return "now"
    same_day = local(stretch.start, calendar).date() == local(stretch.end, calendar).date()
    return local(stretch.end, calendar).strftime("%H:%M") if same_day else _when(stretch.end, calendar)


def _closed_days(stretch: Stretch, calendar: Calendar) -> str:
    """The whole days inside a closed stretch by name: " (Sat, Sun)", a holiday with its date; '' when there is none."""
    if stretch.end is None:
        return ""
    day, last = local(stretch.start, calendar).date() + timedelta(days=1), local(stretch.end, calendar).date()
    names = []
    while day < last:
        names.append(f"{_DAYS[day.weekday()]} {day.isoformat()} holiday" if day in calendar.holidays else _DAYS[day.weekday()])
        day += timedelta(days=1)
    return f" ({', '.join(names)})" if names else ""


def _when(moment: datetime, calendar: Calendar) -> str:
    wall = local(moment, calendar)
    return f"{_DAYS[wall.weekday()]} {wall:%H:%M}"


def _hours(span: timedelta) -> str:
    minutes = round(span / timedelta(minutes=1))
    return f"{minutes // 60}:{minutes % 60:02d}"
