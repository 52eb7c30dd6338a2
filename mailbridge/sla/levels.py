"""The deadlines of SLA targets: warning, overdue, unclaimed.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailbridge.sla.calendar import Calendar
from mailbridge.sla.clock import Deadline, Pause, Targets, due_with_pauses, dues_with_pauses
from mailbridge.sla.history import ClockHistory, FinishedRun
from mailbridge.sla.ladder import OVERDUE, steps_of
from mailbridge.sla.reminders import with_reminders
from mailbridge.sla.segments import PauseReason, Segment, Standing, TargetKind, segments, standing_pauses

WARNING = "warning"  # the step at `warn_at`
UNCLAIMED = "unclaimed"  # the step at which managers hear that nobody has taken a ticket
SILENCE, SILENT = "silence", "silent"  # managers hear that nobody has touched a ticket
REMINDED = frozenset({str(TargetKind.CLAIM), SILENCE})  # whose alerts are followed by reminders


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
    """What counts on a ticket now.

    `claimed_at`: since when somebody has it.  `silent_after`: the working time after which managers hear that nobody touches it.
    `calendar`: of the promises to the customer.  `calendars`: by team, for the teams' own clocks.
    """

    targets: Targets
    calendar: Calendar
    claimed_at: datetime | None = None
    unclaimed_after: timedelta | None = None
    silent_after: timedelta | None = None
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
    return counted(history, promised).runs


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedClocks:
    """The clocks of a ticket, counted once for all questions about them: what is promised, every segment, and the runs of `runs`."""

    promised: Promised
    segments: tuple[Segment, ...]
    runs: tuple[Run, ...]


def counted(history: ClockHistory, promised: Promised) -> CountedClocks:
    """The clocks of this history under what is promised now."""
    found = segments(history, promised.targets, promised.claimed_at)
    return CountedClocks(promised=promised, segments=found, runs=tuple(_runs(history, promised, found)))


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


def no_longer_finished(history: ClockHistory, found: Iterable[Segment]) -> tuple[FinishedRun, ...]:
    """The kept runs that the history does not have any more: the answer was not delivered, the ticket was opened again, a change undone.
    `found`: the segments of the history."""
    if not history.finished:
        return ()
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
    """The deadlines of the clocks of this history under what is promised, as `deadlines_of` says."""
    return () if history.solved_at is not None else deadlines_of(history, counted(history, promised), now)


def deadlines_of(history: ClockHistory, clocks: CountedClocks, now: datetime) -> tuple[Deadline, ...]:
    """The moments that matter on this ticket from here on, soonest first, as far as they are known.  `clocks`: those of the history.

    While a clock stands, what would fall due later is unknown and left out.  A promise that is kept, or a ticket that is solved, has no
    moments any more.  Moments that have passed stay in: whoever fires them makes sure each is told once.  A warning whose breach has
    passed as well is left out, because the breach says more.  What had passed before the desk heard of the ticket alerts nobody.
    """
    if history.solved_at is not None:
        return ()
    promised = clocks.promised
    of_targets = (deadline for group in _together(clocks.runs) for deadline in _of_group(group, promised.targets, now))
    found = [*_unheard(of_targets, history), *_silent(history, promised, now)]
    return tuple(sorted(found, key=lambda deadline: (deadline.due_at, deadline.promise, deadline.step)))


def _unheard(moments: Iterable[Deadline], history: ClockHistory) -> Iterator[Deadline]:
    """The moments without those that had passed before the desk heard of the ticket, and without all later steps of a promise that was
    broken before."""
    old = history.heard_at
    if old <= history.opened_at:
        yield from moments
        return
    found = list(moments)
    broken = {one.promise for one in found if one.step == OVERDUE and one.due_at <= old}
    yield from (one for one in found if one.due_at > old and one.promise not in broken)


def _silent(history: ClockHistory, promised: Promised, now: datetime) -> Iterator[Deadline]:
    """The alert that nobody has touched the ticket for the time, with its reminders.  While the ticket waits the time stands."""
    since, budget = history.touched_at, promised.silent_after
    if since is None or budget is None:
        return
    pauses = standing_pauses(history, promised.targets)
    due_at = due_with_pauses(max(since, history.heard_at), promised.calendar, budget, pauses)
    if due_at is not None:
        yield from with_reminders(Deadline(promise=SILENCE, step=SILENT, due_at=due_at), promised.calendar, pauses, now)


def open_runs(every: Iterable[Run]) -> dict[str, Run]:
    """By promise the run that is open.  What was told since its start about a promise is not told again because a due time in the past
    moved."""
    return {run.segment.promise: run for run in every if run.segment.end is None}


def told_since(history: ClockHistory, running: Mapping[str, Run]) -> dict[str, datetime]:
    """By promise since when its steps have not to be told again: the start of its open run; of silence, when the ticket was touched."""
    since = {str(name): run.segment.start for name, run in running.items()}
    return since if history.touched_at is None else since | {SILENCE: history.touched_at}


def _together(every: Sequence[Run]) -> list[list[Run]]:
    """The open runs, those that begin and stand at the same time in one group: one way through the calendar serves all of them."""
    groups: dict[tuple[datetime, tuple[Pause, ...], int], list[Run]] = {}
    for run in every:
        if run.segment.end is None:
            groups.setdefault((run.segment.start, run.segment.pauses, id(run.calendar)), []).append(run)
    return list(groups.values())


def _of_group(group: Sequence[Run], targets: Targets, now: datetime) -> Iterator[Deadline]:
    """The moments of runs that begin and stand at the same time.  The usual warning is left out where the end has passed; the levels of a
    ladder are each for somebody, and all stay in."""
    segment, calendar = group[0].segment, group[0].calendar
    steps = [(run, _steps(run, targets)) for run in group]
    wanted = {budget for _, of_run in steps for budget in of_run.values()}
    moments = dues_with_pauses(segment.start, calendar, sorted(wanted), segment.pauses)
    for run, of_run in steps:
        end = moments[run.budget]
        ended = end is not None and end <= now
        for step, budget in of_run.items():
            due_at = moments[budget]
            if due_at is None or (step == WARNING and (ended or due_at == end)):
                continue
            deadline = Deadline(promise=run.segment.promise, step=step, due_at=due_at)
            yield from with_reminders(deadline, calendar, segment.pauses, now) if step == UNCLAIMED else (deadline,)


def _steps(run: Run, targets: Targets) -> dict[str, timedelta]:
    """The steps of the run, each with the working time from the start to its moment."""
    promise = run.segment.promise
    if promise is TargetKind.CLAIM:
        return {UNCLAIMED: run.budget}
    if not targets.ladder:
        return {WARNING: run.budget * targets.warn_at, OVERDUE: run.budget}
    found = {step: level.at.budget(run.budget) for step, level in steps_of(targets.ladder, promise)}
    return {OVERDUE: run.budget, **{step: budget for step, budget in found.items() if budget is not None}}
