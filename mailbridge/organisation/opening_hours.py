"""A team's working week in short: days that follow each other and have the same hours as one line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from mailbridge.sla.calendar import Calendar, is_open, next_open

Hours = tuple[tuple[time, time], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDays:
    """`first` to `last` are days of the week from 0, Monday; `hours` as "09:00–13:00, 14:00–18:00"."""

    first: int
    last: int
    hours: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningHours:
    """`days`: empty where the team works around the clock.  `opens_at`: when it opens again; None while it is open."""

    days: tuple[OpenDays, ...] = ()
    zone: str = "UTC"
    opens_at: datetime | None = None


def opening_hours(calendar: Calendar, now: datetime) -> OpeningHours:
    """The week of this calendar, and whether it is closed now."""
    opens = None if is_open(now, calendar) else next_open(now, calendar)
    return OpeningHours(days=_days(calendar.hours), zone=calendar.zone, opens_at=opens)


def _days(week: tuple[Hours, ...]) -> tuple[OpenDays, ...]:
    if all(hours == ((time.min, time.max),) for hours in week):
        return ()
    found: list[OpenDays] = []
    for day, hours in enumerate(week):
        if not hours:
            continue
        said = ", ".join(f"{_time(start)}–{_time(end)}" for start, end in hours)
        if found and found[-1].last == day - 1 and found[-1].hours == said:
            found[-1] = OpenDays(first=found[-1].first, last=day, hours=said)
        else:
            found.append(OpenDays(first=day, last=day, hours=said))
    return tuple(found)


def _time(moment: time) -> str:
    return "24:00" if moment == time.max else f"{moment:%H:%M}"
