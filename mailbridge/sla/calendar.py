"""Working time: hours of a week in a zone, less holidays.  The only room that knows zones.

A team works at a moment when the clock on its wall shows a time inside its hours, on a day that is no holiday.  That one sentence
decides the two nights of a year on which the wall clock jumps: a time that is skipped is not worked, a time that comes twice is worked
twice, and a 24x7 calendar counts every second that passes exactly once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mailbridge.errors import Permanent

HORIZON = timedelta(days=3660)
"""How far ahead working time is looked for; a calendar without any within ten years is a mistake of its writer."""

_DAY = timedelta(days=1)
_ZERO = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When a team works.  `hours[0]` is Monday: a tuple of (from, to) local times, to may be 24:00 written as time.max.

    `special` are dates, in order, with hours of their own, in place of those of the week and of a holiday: half days, a working Saturday.
    A calendar with all seven days (00:00, 24:00), no holidays and no special dates is 24x7.  `made_with`: the versions of the libraries
    that its days and its zone come from, like "tzdata 2025b, holidays 0.109"; two calendars with the same days are equal.
    """

    name: str = "24x7"
    zone: str = "UTC"
    hours: tuple[tuple[tuple[time, time], ...], ...] = (((time.min, time.max),),) * 7
    holidays: frozenset[date] = frozenset()
    special: tuple[tuple[date, tuple[tuple[time, time], ...]], ...] = ()
    made_with: str = field(default="", compare=False)


def due(start: datetime, calendar: Calendar, budget: timedelta) -> datetime:
    """The moment at which `budget` of working time has passed since `start`; aware UTC in, aware UTC out.

    It is the earliest such moment: a budget used up at closing time is due at closing time, not on the next morning.  A budget of nothing
    is due at once.  Raises Permanent when the calendar does not hold that much working time within ten years.
    """
    return dues(start, calendar, (budget,))[0]


def dues(start: datetime, calendar: Calendar, budgets: Sequence[timedelta]) -> list[datetime]:
    """The moments at which each of the budgets is due, as `due` says, in their order; found on one way through the calendar."""
    found = used_up(start, working_time(start, calendar), budgets)
    return [found[budget] for budget in budgets]


def used_up(start: datetime, pieces: Iterable[tuple[datetime, datetime]], budgets: Iterable[timedelta]) -> dict[timedelta, datetime]:
    """When each of the budgets is used up in these pieces of time since `start`; one that is not is left out.  A budget of nothing is used
    up at once.  No more pieces are taken than are needed."""
    wanted = sorted(set(budgets), reverse=True)
    found, passed = dict[timedelta, datetime](), _ZERO
    while wanted and wanted[-1] <= _ZERO:
        found[wanted.pop()] = start
    for opens, closes in pieces if wanted else ():
        while wanted and closes - opens >= wanted[-1] - passed:
            budget = wanted.pop()
            found[budget] = opens + (budget - passed)
        if not wanted:
            break
        passed += closes - opens
    return found


def working_time(start: datetime, calendar: Calendar, *, until: datetime | None = None) -> Iterator[tuple[datetime, datetime]]:
    """The working time from `start` on in pieces (opens, closes), in order, lazily.  They may touch and do not overlap.

    Raises Permanent where the calendar has no more within ten years of `start`, or of `until`.
    """
    yield from _disjoint(start, _far(until or start), calendar)
    raise Permanent("the calendar has too little working time", calendar=calendar.name)


def worked(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """The working time between two moments; nothing when `end` is not after `start`."""
    return sum((closes - opens for opens, closes in _disjoint(start, end, calendar)), _ZERO)


def is_open(moment: datetime, calendar: Calendar) -> bool:
    """Whether the team works at this moment.  Opening time is open, closing time is closed."""
    wall = moment.astimezone(ZoneInfo(calendar.zone)).replace(tzinfo=None)
    return any(opens <= wall < closes for opens, closes in _hours_of(wall.date(), calendar))


def is_day_off(day: date, calendar: Calendar) -> bool:
    """Whether the team would work on this date if it were no holiday, and no date with special hours of none."""
    return bool(calendar.hours[day.weekday()]) and not _hours_of(day, calendar)


def next_open(moment: datetime, calendar: Calendar) -> datetime:
    """`moment` where the team works then, else the next moment at which it begins to.  Raises Permanent: none within ten years."""
    for opens, _ in _disjoint(moment, _far(moment), calendar):
        return opens
    raise Permanent("the calendar has no working time", calendar=calendar.name)


def local(moment: datetime, calendar: Calendar) -> datetime:
    """The moment as the team's wall clock shows it."""
    return moment.astimezone(ZoneInfo(calendar.zone))


def open_stretches(start: datetime, end: datetime, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    """The working time between two moments as (opens, closes) in UTC, in order, apart from each other; lazy."""
    pending: tuple[datetime, datetime] | None = None
    for opens, closes in _disjoint(start, end, calendar):
        if pending is not None and opens > pending[1]:
            yield pending
            pending = None
        pending = (pending[0] if pending else opens), closes
    if pending is not None:
        yield pending


def _disjoint(start: datetime, end: datetime, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    """The same, in pieces that may touch but never overlap; the next piece is worked out only when it is asked for, so that a calendar
    that never closes costs no more than one that does."""
    reached = start
    for opens, closes in _pieces(start, end, calendar):
        if closes > reached:
            yield max(opens, reached), closes
            reached = closes


def _pieces(start: datetime, end: datetime, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    """The same, one piece for each line of the week's hours; lines that overlap give pieces that do."""
    for begin, stop, offset in _steady(start.astimezone(UTC), end.astimezone(UTC), ZoneInfo(calendar.zone)):
        wall_begin, wall_stop = (moment.replace(tzinfo=None) + offset for moment in (begin, stop))
        day = wall_begin.date()
        while day <= wall_stop.date():
            for opens, closes in _hours_of(day, calendar):
                first, last = max(opens, wall_begin), min(closes, wall_stop)
                if first < last:
                    yield (first - offset).replace(tzinfo=UTC), (last - offset).replace(tzinfo=UTC)
            day += _DAY


def _steady(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The time between two moments cut where the zone's offset from UTC changes (and at each day), with the offset of each piece."""
    while start < end:
        stop = min(start + _DAY, end)
        offset = _offset(start, zone)
        if _offset(stop, zone) != offset:
            stop = _change(start, stop, zone)
        yield start, stop, offset
        start = stop


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second with the new offset, found by halving: zone files name changes in whole seconds."""
    offset = _offset(before, zone)
    low, high = int(before.timestamp()), -int(-after.timestamp() // 1)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(datetime.fromtimestamp(middle, UTC), zone) == offset:
            low = middle
        else:
            high = middle
    return min(datetime.fromtimestamp(high, UTC), after)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or _ZERO


def _hours_of(day: date, calendar: Calendar) -> list[tuple[datetime, datetime]]:
    """The hours of one day by the wall clock, in order."""
    special = _special(day, calendar.special) if calendar.special else None
    if special is None and day in calendar.holidays:
        return []
    midnight = datetime.combine(day, time.min)
    return sorted(
        (datetime.combine(day, opens), midnight + _DAY if closes == time.max else datetime.combine(day, closes))
        for opens, closes in (calendar.hours[day.weekday()] if special is None else special)
    )


def _special(day: date, dates: Sequence[tuple[date, tuple[tuple[time, time], ...]]]) -> tuple[tuple[time, time], ...] | None:
    """The own hours of this date; found by halving, because a feed may give hundreds."""
    found = bisect_left(dates, day, key=lambda one: one[0])
    return dates[found][1] if found < len(dates) and dates[found][0] == day else None


def _far(start: datetime) -> datetime:
    return start + min(HORIZON, datetime.max.replace(tzinfo=UTC) - 2 * _DAY - start)
