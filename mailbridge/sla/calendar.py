"""Working time: hours of a week in a zone, less holidays.  The only room that knows zones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When a team works.  `hours[0]` is Monday: a tuple of (from, to) local times, to may be 24:00 written as time.max.

    A calendar with all seven days (00:00, 24:00) and no holidays is 24x7.
    """

    name: str = "24x7"
    zone: str = "UTC"
    hours: tuple[tuple[tuple[time, time], ...], ...] = (((time.min, time.max),),) * 7
    holidays: frozenset[date] = frozenset()


def due(start: datetime, calendar: Calendar, budget: timedelta) -> datetime:
    """The moment at which `budget` of working time has passed since `start`; aware UTC in, aware UTC out."""
    raise NotImplementedError


def worked(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """The working time between two moments."""
    raise NotImplementedError


def is_open(moment: datetime, calendar: Calendar) -> bool:
    """Whether the team works at this moment."""
    raise NotImplementedError


def next_open(moment: datetime, calendar: Calendar) -> datetime:
    """`moment` where the team works then, else the next moment at which it begins to."""
    raise NotImplementedError
