"""The deadlines of a ticket from its targets, and the effect of pauses.  Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mailbridge.sla.calendar import Calendar, dues, used_up, worked, working_time
from mailbridge.sla.ladder import Level

Pause = tuple[datetime, datetime | None]
"""A time in which the clocks stood: from, to.  None: they stand still."""


class CountsFrom(StrEnum):
    """Where the clock of the next response begins when the customer wrote several times."""

    FIRST = "first"  # the oldest message that nobody has answered
    LAST = "last"


class WhileSolved(StrEnum):
    """What the time between solving a ticket and opening it again is for its clocks."""

    PAUSED = "paused"
    RUNS = "runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """SLA targets in working time of the ticket's team; None: no target.  `warn_at`: the share of the budget at which to warn, 0..1.
    `escalate`: the chain on which the ticket goes up one step with each missed target; empty: none.  `ladder`: the levels that stand in the
    place of the warning and of the alert at the end; empty: these two."""

    response: timedelta | None = None
    next_response: timedelta | None = None
    resolution: timedelta | None = None
    arrival: timedelta | None = None
    team: timedelta | None = None
    counts_from: CountsFrom = CountsFrom.FIRST
    while_solved: WhileSolved = WhileSolved.PAUSED
    warn_at: float = 0.75
    escalate: str = ""
    ladder: tuple[Level, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A moment at which something must be told.  `promise`: response, resolution, claim, …; `step`: warning, overdue, unclaimed."""

    promise: str
    step: str
    due_at: datetime


def merged(pauses: Sequence[Pause]) -> tuple[Pause, ...]:
    """The pauses in order and without overlaps."""
    result: list[Pause] = []
    for begin, end in sorted(pauses, key=lambda pause: pause[0]):
        if end is not None and end <= begin:
            continue
        if not result or ((last := result[-1][1]) is not None and last < begin):
            result.append((begin, end))
        elif last is not None:
            result[-1] = (result[-1][0], None if end is None else max(last, end))
    return tuple(result)


def due_with_pauses(start: datetime, calendar: Calendar, budget: timedelta, pauses: Sequence[Pause]) -> datetime | None:
    """The moment at which `budget` of working time outside the pauses has passed since `start`; None where the clock is paused now."""
    return dues_with_pauses(start, calendar, (budget,), pauses)[budget]


def dues_with_pauses(
    start: datetime, calendar: Calendar, budgets: Sequence[timedelta], pauses: Sequence[Pause]
) -> dict[timedelta, datetime | None]:
    """The moments of several budgets, as in `due_with_pauses`, found on one way through the calendar."""
    standing = merged(pauses)
    if not standing:
        return dict(zip(budgets, dues(start, calendar, budgets), strict=True))
    found = used_up(start, _counted(start, calendar, standing), budgets)
    return {budget: found.get(budget) for budget in budgets}


def _counted(start: datetime, calendar: Calendar, standing: Sequence[Pause]) -> Iterator[tuple[datetime, datetime]]:
    """The working time from `start` on outside of these pauses, which are `merged`; it ends where a pause does not.

    Raises Permanent when the calendar has no more.
    """
    coming = deque(standing)
    resumes = max((end for _, end in standing if end is not None), default=start)
    for opens, closes in working_time(start, calendar, until=max(start, resumes)):
        while coming and coming[0][0] < closes:
            begin, end = coming[0]
            if opens < begin:
                yield opens, begin
            if end is None:
                return
            opens = max(opens, end)
            if end > closes:
                break
            coming.popleft()
        if opens < closes:
            yield opens, closes


def worked_with_pauses(start: datetime, end: datetime, calendar: Calendar, pauses: Sequence[Pause]) -> timedelta:
    """The working time between two moments without the pauses."""
    total = timedelta(0)
    for begin, stop in merged(pauses):
        total += worked(start, min(begin, end), calendar)
        if stop is None:
            return total
        start = max(start, stop)
    return total + worked(start, end, calendar)
