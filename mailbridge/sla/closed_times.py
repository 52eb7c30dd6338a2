"""Closed times of feeds, taken out of the hours of a calendar.  Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mailbridge.sla.calendar import Calendar

Hours = tuple[tuple[time, time], ...]
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedTimes:
    """What a feed says: whole days and times by the wall clock of whoever reads them, and times in UTC (from, to)."""

    days: frozenset[date] = frozenset()
    spans: frozenset[tuple[datetime, datetime]] = frozenset()
    floating: frozenset[tuple[datetime, datetime]] = frozenset()

    def with_past_of(self, before: ClosedTimes, now: datetime) -> ClosedTimes:
        """With what an earlier content of the feed said of the time before now: a feed that drops old events moves no due time that has
        passed."""
        wall = now.replace(tzinfo=None)
        return ClosedTimes(
            days=self.days | {day for day in before.days if day <= now.date()},
            spans=self.spans | {span for span in before.spans if span[0] <= now},
            floating=self.floating | {span for span in before.floating if span[0] <= wall},
        )


def without(calendar: Calendar, closed: Iterable[ClosedTimes], worked: Collection[date] = ()) -> Calendar:
    """The calendar less these times.  A date with hours of its own, and one of `worked`, stays as the calendar has it."""
    every = list(closed)
    own = dict(calendar.special)
    days = frozenset(day for one in every for day in one.days if day not in own and day not in worked)
    holidays = calendar.holidays | days
    zone = ZoneInfo(calendar.zone)
    walls = [(begins.astimezone(zone).replace(tzinfo=None), ends.astimezone(zone).replace(tzinfo=None)) for one in every
             for begins, ends in one.spans]  # fmt: skip
    cut: dict[date, Hours] = {}
    for begins, ends in sorted([*walls, *(span for one in every for span in one.floating)]):
        for day in _days(begins, ends):
            if day not in own and day not in holidays and day not in worked:
                cut[day] = tuple(_less(cut.get(day, calendar.hours[day.weekday()]), day, begins, ends))
    changed = {day: hours for day, hours in cut.items() if hours != calendar.hours[day.weekday()]}
    return replace(calendar, holidays=holidays, special=tuple(sorted({**own, **changed}.items())))


def _days(begins: datetime, ends: datetime) -> Iterator[date]:
    day = begins.date()
    while datetime.combine(day, time.min) < ends:
        yield day
        day += _DAY


def _less(hours: Hours, day: date, begins: datetime, ends: datetime) -> Iterator[tuple[time, time]]:
    """The hours of the day that are not within the closed time."""
    midnight = datetime.combine(day, time.min)
    first = begins.time() if begins > midnight else time.min
    last = ends.time() if ends < midnight + _DAY else time.max
    for opens, closes in hours:
        if opens < min(closes, first):
            yield opens, min(closes, first)
        if max(opens, last) < closes:
            yield max(opens, last), closes
