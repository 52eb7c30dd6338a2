"""Why something is due when it is: the time since the start as a list of counted, closed and paused stretches.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise

from mailbridge.sla.calendar import Calendar, is_day_off, local, open_stretches
from mailbridge.sla.clock import Pause, due_with_pauses, merged
from mailbridge.sla.levels import Run
from mailbridge.sla.segments import PauseReason, Segment
from mailbridge.sla.zones import moment_of

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEK = timedelta(days=6)  # a weekday that is farther away is read as another date


class Counting(StrEnum):
    COUNTED = "counted"
    CLOSED = "closed"
    HOLIDAY = "holiday"  # closed, on a date that would have hours if it were no holiday
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
        yield from _closed(start, opens, calendar)
        yield Stretch(start=opens, end=closes, kind=Counting.COUNTED)
        start = closes
    yield from _closed(start, end, calendar)


def _closed(start: datetime, end: datetime, calendar: Calendar) -> Iterator[Stretch]:
    """The closed time between two moments, cut at the midnights where holidays begin and end."""
    kind, day = Counting.CLOSED, local(start, calendar).date()
    midnight = start
    while midnight < end:
        here = Counting.HOLIDAY if is_day_off(day, calendar) else Counting.CLOSED
        if here is not kind and start < midnight:
            yield Stretch(start=start, end=midnight, kind=kind)
            start = midnight
        kind, day = here, day + timedelta(days=1)
        midnight = moment_of(day, time.min, calendar.zone)
    if start < end:
        yield Stretch(start=start, end=end, kind=kind)


def in_status(status: str) -> str:
    """For whom a ticket waits, as far as the name of the status says."""
    return "customer" if status in ("", "waiting") else status


def lines(answer: Why, calendar: Calendar, whom: Callable[[str], str] = in_status) -> tuple[str, ...]:
    """The stretches as the command line prints them, one a line, times as the team's wall clock shows them; with dates where a weekday
    alone may be read as another one.  `whom`: for whom a ticket waits in this status, in words."""
    moments = [moment for stretch in answer.stretches for moment in (stretch.start, stretch.end) if moment is not None]
    dated = bool(moments) and local(moments[-1], calendar).date() - local(moments[0], calendar).date() > _WEEK
    return tuple(_line(stretch, answer.due_at, calendar, dated, whom) for stretch in answer.stretches)


def _line(stretch: Stretch, due_at: datetime | None, calendar: Calendar, dated: bool, whom: Callable[[str], str]) -> str:
    times = f"{_when(stretch.start, calendar, dated)} – {_end(stretch, calendar, dated)}"
    times = f"{times:<{43 if dated else 23}}"
    said = because(stretch, calendar, whom)
    if stretch.kind is Counting.COUNTED:
        mark = f"   due {_when(stretch.end, calendar, dated)}" if stretch.end == due_at and stretch.end is not None else ""
        return f"{times}  {said}   {hours(stretch.counted)}{mark}"
    return f"{times}  {said}"


def because(stretch: Stretch, calendar: Calendar, whom: Callable[[str], str] = in_status) -> str:
    """What the stretch meant for the clock, in words."""
    match stretch.kind:
        case Counting.COUNTED:
            return "counted"
        case Counting.CLOSED:
            return f"closed{_named(_DAYS[day.weekday()] for day in _days(stretch, calendar))}"
        case Counting.HOLIDAY:
            return f"holiday{_named(day.isoformat() for day in _days(stretch, calendar))}"
        case Counting.PAUSED:
            return f"paused: {_pause(stretch, whom)}"


def _pause(stretch: Stretch, whom: Callable[[str], str]) -> str:
    match stretch.reason:
        case PauseReason.HOURS:
            return f"the hour bank {stretch.status} is empty"
        case PauseReason.SOLVED:
            return "solved"
        case PauseReason.ANSWERED:
            return "answered, but the answer was not delivered"
        case _:
            return f"waiting for {whom(stretch.status)}"


def _named(names: Iterable[str]) -> str:
    return f" ({', '.join(found)})" if (found := list(names)) else ""


def _days(stretch: Stretch, calendar: Calendar) -> Iterator[date]:
    """The days of a holiday, and the whole days inside a stretch in which the team is closed."""
    if stretch.end is None:
        return
    day, last = local(stretch.start, calendar).date(), local(stretch.end - timedelta(microseconds=1), calendar).date()
    while day <= last:
        begin, end = (moment_of(day + timedelta(days=more), time.min, calendar.zone) for more in (0, 1))
        if stretch.kind is Counting.HOLIDAY or (stretch.start <= begin and end <= stretch.end):
            yield day
        day += timedelta(days=1)


def _end(stretch: Stretch, calendar: Calendar, dated: bool) -> str:
    if stretch.end is None:
        return "now"
    same_day = local(stretch.start, calendar).date() == local(stretch.end, calendar).date()
    return local(stretch.end, calendar).strftime("%H:%M") if same_day else _when(stretch.end, calendar, dated)


def _when(moment: datetime, calendar: Calendar, dated: bool) -> str:
    wall = local(moment, calendar)
    return f"{_DAYS[wall.weekday()]} {wall:%Y-%m-%d %H:%M}" if dated else f"{_DAYS[wall.weekday()]} {wall:%H:%M}"


def hours(span: timedelta) -> str:
    """1:05; with seconds where there are some, so that the parts add up to the whole."""
    seconds = round(span.total_seconds())
    rest = f":{seconds % 60:02d}" if seconds % 60 else ""
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}{rest}"
