"""Why something is due when it is: the time since the start as a list of counted, closed and paused stretches.  Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from mailbridge.sla.calendar import Calendar, local, open_stretches
from mailbridge.sla.clock import Pause, due_with_pauses, merged
from mailbridge.sla.levels import Run
from mailbridge.sla.segments import PauseReason, Segment

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Counting(StrEnum):
    COUNTED = "counted"
    CLOSED = "closed"
    PAUSED = "paused"


class Outcome(StrEnum):
    """How it stands with a promise."""

    RUNNING = "running"
    STANDS = "stands"  # the clock stands, and nobody knows when it will be due
    OVERDUE = "overdue"  # broken, and still open
    KEPT = "kept"
    BROKEN = "broken"  # too late, and done


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A piece of time and what it meant for the clock.  `end` None: it goes on.  `reason`, `status`: of a pause, why the clock stood."""

    start: datetime
    end: datetime | None
    kind: Counting
    reason: PauseReason | None = None
    status: str = ""

    @property
    def counted(self) -> timedelta:
        return self.end - self.start if self.kind is Counting.COUNTED and self.end is not None else timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The stretches, without a gap, from the start to the due time, or to the end of the run where that came first.

    `due_at` None: the clock stands, and `left` of the budget remains.  `ended_at`: when the promise was kept, or came too late.
    """

    due_at: datetime | None
    budget: timedelta
    stretches: tuple[Stretch, ...]
    outcome: Outcome
    ended_at: datetime | None = None

    @property
    def counted(self) -> timedelta:
        return sum((stretch.counted for stretch in self.stretches), timedelta(0))

    @property
    def left(self) -> timedelta:
        return self.budget - self.counted


def why(run: Run, now: datetime) -> Why:
    """Every stretch of the run, and how it stands with its promise now."""
    segment, calendar = run.segment, run.calendar
    pauses = _until(merged(segment.pauses), segment.end)
    due_at = run.kept.due_at if run.kept else due_with_pauses(segment.start, calendar, run.budget, pauses)
    shown = segment.end if segment.end is not None and (due_at is None or segment.end < due_at) else due_at
    stretches = tuple(_stretches(segment, shown, pauses, calendar))
    return Why(due_at=due_at, budget=run.budget, stretches=stretches, outcome=_outcome(segment, due_at, now), ended_at=segment.end)


def _until(pauses: tuple[Pause, ...], end: datetime | None) -> tuple[Pause, ...]:
    """The pauses of a finished run: what came after its end moved nothing."""
    if end is None:
        return pauses
    return tuple((begin, end if stop is None else min(stop, end)) for begin, stop in pauses if begin < end)


def _outcome(segment: Segment, due_at: datetime | None, now: datetime) -> Outcome:
    if segment.end is not None:
        return Outcome.KEPT if due_at is None or segment.end <= due_at else Outcome.BROKEN
    if due_at is None:
        return Outcome.STANDS
    return Outcome.OVERDUE if due_at <= now else Outcome.RUNNING


def _stretches(segment: Segment, end: datetime | None, pauses: tuple[Pause, ...], calendar: Calendar) -> Iterator[Stretch]:
    start = segment.start
    for begin, stop in pauses:
        if (stop is not None and stop <= start) or (end is not None and begin >= end):
            continue
        yield from _between(start, begin, calendar)
        yield from _paused(segment, max(start, begin), stop)
        if stop is None:
            return
        start = stop
    if end is not None:
        yield from _between(start, end, calendar)


def _paused(segment: Segment, begin: datetime, stop: datetime | None) -> Iterator[Stretch]:
    """The pause in pieces, each with the reason that holds in it."""
    ends = (moment for one in segment.standing for moment in (one.start, one.end) if moment is not None)
    cuts: list[datetime | None] = [begin, *sorted({at for at in ends if begin < at and (stop is None or at < stop)}), stop]
    for first, last in pairwise(cuts):
        if first is None:
            return
        because = next((one for one in segment.standing if one.start <= first and (one.end is None or first < one.end)), None)
        reason, status = (because.reason, because.status) if because else (None, "")
        yield Stretch(start=first, end=last, kind=Counting.PAUSED, reason=reason, status=status)


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
        return f"{times:<23}  paused: {_because(stretch)}"
    return f"{times:<23}  closed{_closed_days(stretch, calendar)}"


def _because(stretch: Stretch) -> str:
    match stretch.reason:
        case PauseReason.SOLVED:
            return "solved"
        case PauseReason.ANSWERED:
            return "answered, but the answer was not delivered"
        case _:
            return "waiting for customer" if stretch.status in ("", "waiting") else f"waiting ({stretch.status})"


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
