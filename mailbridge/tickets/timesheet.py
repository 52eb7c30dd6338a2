"""The timesheet of an agent or of all: work summed by day, customer and ticket.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from mailbridge.tickets.model import Activity, WorkKind

_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesheetEntry:
    """An activity with its agent and ticket."""

    ticket: int
    customer: str  # the customer's name, else the requester's address
    subject: str
    activity: Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Minutes and kilometres."""

    worked: int = 0
    travelled: int = 0
    charged: int = 0
    km: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timesheet:
    """The work from the first to the last day, both included.  The parts of each sum add up to `total`."""

    first: date
    last: date
    total: Sums
    by_day: tuple[tuple[date, Sums], ...]  # without days that have no work
    by_agent: tuple[tuple[str, Sums], ...]
    by_customer: tuple[tuple[str, Sums], ...]  # most work first
    by_ticket: tuple[tuple[int, Sums], ...]
    entries: tuple[TimesheetEntry, ...]


def timesheet(entries: Sequence[TimesheetEntry], first: date, last: date) -> Timesheet:
    """The sums of these entries; entries of other days are left out."""
    kept = tuple(entry for entry in entries if first <= entry.activity.day <= last)
    return Timesheet(
        first=first,
        last=last,
        total=sums(entry.activity for entry in kept),
        by_day=tuple(sorted(_grouped(kept, lambda entry: entry.activity.day))),
        by_agent=_most_first(_grouped(kept, lambda entry: entry.activity.agent)),
        by_customer=_most_first(_grouped(kept, lambda entry: entry.customer)),
        by_ticket=_most_first(_grouped(kept, lambda entry: entry.ticket)),
        entries=kept,
    )


def sums(activities: Iterable[Activity]) -> Sums:
    worked = travelled = charged = 0
    km = 0.0
    for activity in activities:
        worked += activity.minutes if activity.kind is WorkKind.WORKED else 0
        travelled += activity.minutes if activity.kind is WorkKind.TRAVELLED else 0
        charged += activity.charged
        km += activity.km
    return Sums(worked=worked, travelled=travelled, charged=charged, km=round(km, 3))


def week_of(day: date) -> tuple[date, date]:
    """The Monday and the Sunday of the day's week (ISO 8601)."""
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=6)


def _grouped(entries: Iterable[TimesheetEntry], key: Callable[[TimesheetEntry], _Key]) -> list[tuple[_Key, Sums]]:
    groups: dict[_Key, list[Activity]] = {}
    for entry in entries:
        groups.setdefault(key(entry), []).append(entry.activity)
    return [(name, sums(activities)) for name, activities in groups.items()]


def _most_first(groups: list[tuple[_Key, Sums]]) -> tuple[tuple[_Key, Sums], ...]:
    return tuple(sorted(groups, key=lambda group: (-group[1].worked - group[1].travelled, str(group[0]))))
