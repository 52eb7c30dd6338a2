"""The deadlines of SLA targets: warning, overdue, unclaimed.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailbridge.sla.calendar import Calendar
from mailbridge.sla.clock import Deadline, Pause, Targets, due_with_pauses, dues_with_pauses
from mailbridge.sla.history import ClockHistory, FinishedRun
from mailbridge.sla.segments import PauseReason, Segment, Standing, TargetKind, segments


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A segment of a promised clock with its budget of working time and the calendar it counts by.  `kept`: how it ended, where that is
    kept; then no change of rules since counts."""

    segment: Segment
    budget: timedelta
    calendar: Calendar
    kept: FinishedRun | None = None


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
    """The runs of the clocks that are promised, finished ones too.  A clock without a budget has none.

    A finished run is as it is kept: under the targets, the calendar and the pauses of then, also where nothing is promised any more.
    """
    return tuple(_runs(history, promised, segments(history, promised.targets, promised.claimed_at)))


def _runs(history: ClockHistory, promised: Promised, found: Iterable[Segment]) -> Iterator[Run]:
    kept = {_key(one.promise, one.team, one.start, one.end): one for one in history.finished}
    for segment in found:
        budget = promised.budget(segment.promise)
        one = kept.get(_key(segment.promise, segment.team, segment.start, segment.end)) if segment.end is not None and kept else None
        if one is not None:
            yield Run(segment=_segment(one), budget=one.budget, calendar=one.calendar, kept=one)
        elif budget is not None:
            yield Run(segment=segment, budget=budget, calendar=promised.calendars.get(segment.team, promised.calendar))


def newly_finished(every: Iterable[Run]) -> tuple[FinishedRun, ...]:
    """The finished runs that are not kept yet, to keep them."""
    return tuple(_finished(run, run.segment.end) for run in every if run.kept is None and run.segment.end is not None)


def no_longer_finished(history: ClockHistory, promised: Promised) -> tuple[FinishedRun, ...]:
    """The kept runs that the history does not have any more: the answer was not delivered, the ticket was opened again, a change undone."""
    if not history.finished:
        return ()
    found = segments(history, promised.targets, promised.claimed_at)
    there = {_key(one.promise, one.team, one.start, one.end) for one in found if one.end is not None}
    return tuple(one for one in history.finished if _key(one.promise, one.team, one.start, one.end) not in there)


def _key(promise: str, team: str, start: datetime, end: datetime | None) -> tuple[object, ...]:
    """What tells a finished run from the others of the ticket.  Where the next response begins depends on the targets, its end does not."""
    return (promise, team, end) if promise == TargetKind.NEXT_RESPONSE else (promise, team, start, end)


def _finished(run: Run, end: datetime) -> FinishedRun:
    segment = run.segment
    pauses = [(begin, end if stop is None else min(stop, end)) for begin, stop in segment.pauses if begin < end]
    return FinishedRun(
        promise=segment.promise,
        start=segment.start,
        end=end,
        budget=run.budget,
        calendar=run.calendar,
        due_at=due_with_pauses(segment.start, run.calendar, run.budget, pauses),
        team=segment.team,
        standing=tuple((one.start, one.end, one.reason.value, one.status) for one in segment.standing if one.start < end),
    )


def _segment(kept: FinishedRun) -> Segment:
    standing = (Standing(start=start, end=end, reason=PauseReason(reason), status=status) for start, end, reason, status in kept.standing)
    return Segment(promise=TargetKind(kept.promise), start=kept.start, end=kept.end, standing=tuple(standing), team=kept.team)


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


def open_runs(every: Iterable[Run]) -> dict[str, Run]:
    """By promise the run that is open.  What was told since its start about a promise is not told again because a due time in the past
    moved."""
    return {run.segment.promise: run for run in every if run.segment.end is None}


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
