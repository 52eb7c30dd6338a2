"""The deadlines of SLA targets: warning, overdue, unclaimed.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailbridge.sla.calendar import Calendar
from mailbridge.sla.clock import Deadline, Pause, Targets, dues_with_pauses
from mailbridge.sla.history import ClockHistory
from mailbridge.sla.segments import Segment, TargetKind, segments


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A segment of a promised clock with its budget of working time and the calendar it counts by."""

    segment: Segment
    budget: timedelta
    calendar: Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """What counts on a ticket now.  `claimed_at`: since when somebody has it.  `calendar`: of the promises to the customer.  `calendars`:
    by team, for the teams' own clocks."""

    targets: Targets
    calendar: Calendar
    claimed_at: datetime | None = None
    unclaimed_after: timedelta | None = None
    calendars: Mapping[str, Calendar] = field(default_factory=dict)

    def budget(self, promise: TargetKind) -> timedelta | None:
        """The working time that the promise allows; None: nothing is promised."""
        match promise:
            case TargetKind.RESPONSE:
                return self.targets.response
            case TargetKind.NEXT_RESPONSE:
                return self.targets.next_response
            case TargetKind.RESOLUTION:
                return self.targets.resolution
            case TargetKind.ARRIVAL:
                return self.targets.arrival
            case TargetKind.TEAM:
                return self.targets.team
            case TargetKind.CLAIM:
                return self.unclaimed_after


def runs(history: ClockHistory, promised: Promised) -> tuple[Run, ...]:
    """The runs of the clocks that are promised, finished ones too.  A clock without a budget has none."""
    found = segments(history, promised.targets, promised.claimed_at)
    return tuple(
        Run(segment=segment, budget=budget, calendar=promised.calendars.get(segment.team, promised.calendar))
        for segment in found
        if (budget := promised.budget(segment.promise)) is not None
    )


def deadlines(history: ClockHistory, promised: Promised, now: datetime) -> tuple[Deadline, ...]:
    """The moments that matter on this ticket from here on, soonest first, as far as they are known.

    While a clock stands, what would fall due later is unknown and left out.  A promise that is kept, or a ticket that is solved, has no
    moments any more.  Moments that have passed stay in: whoever fires them makes sure each is told once.  A warning whose breach has
    passed as well is left out, because the breach says more.  What had passed before the desk heard of the ticket alerts nobody.
    """
    if history.solved_at is not None:
        return ()
    every = runs(history, promised)
    found = [deadline for group in _together(every) for deadline in _of_group(group, promised.targets.warn_at, now)]
    old = history.heard_at if history.heard_at > history.opened_at else None
    told = (deadline for deadline in found if old is None or deadline.due_at > old)
    return tuple(sorted(told, key=lambda deadline: (deadline.due_at, deadline.promise, deadline.step)))


def open_since(history: ClockHistory, promised: Promised) -> dict[str, datetime]:
    """By promise the start of the run that is open.  What was told since then about a promise is not told again because a due time in the
    past moved."""
    return {run.segment.promise: run.segment.start for run in runs(history, promised) if run.segment.end is None}


def _together(every: Sequence[Run]) -> list[list[Run]]:
    """The open runs, those that begin and stand at the same time in one group: one way through the calendar serves all of them."""
    groups: dict[tuple[datetime, tuple[Pause, ...], int], list[Run]] = {}
    for run in every:
        if run.segment.end is None:
            groups.setdefault((run.segment.start, run.segment.pauses, id(run.calendar)), []).append(run)
    return list(groups.values())


def _of_group(group: Sequence[Run], warn_at: float, now: datetime) -> Iterator[Deadline]:
    segment, calendar = group[0].segment, group[0].calendar
    wanted = [budget for run in group for budget in (run.budget * warn_at, run.budget)]
    moments = dues_with_pauses(segment.start, calendar, wanted, segment.pauses)
    for run in group:
        overdue = moments[run.budget]
        if run.segment.promise is TargetKind.CLAIM:
            if overdue is not None:
                yield Deadline(promise=TargetKind.CLAIM, step="unclaimed", due_at=overdue)
        else:
            yield from _steps(run.segment, moments[run.budget * warn_at], overdue, now)


def _steps(segment: Segment, warning: datetime | None, overdue: datetime | None, now: datetime) -> Iterator[Deadline]:
    if warning is not None and (overdue is None or warning < overdue) and not (overdue is not None and overdue <= now):
        yield Deadline(promise=segment.promise, step="warning", due_at=warning)
    if overdue is not None:
        yield Deadline(promise=segment.promise, step="overdue", due_at=overdue)
