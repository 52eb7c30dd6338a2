"""`#why`: the SLA targets of a ticket, each as the intervals that were counted, closed and paused, for a mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailbridge.notifications.payloads.agents import DueTimes, IntervalRow, TargetRow
from mailbridge.notifications.summary_model import Summary
from mailbridge.organisation import transitions
from mailbridge.organisation.model import Organisation
from mailbridge.organisation.status import Awaited
from mailbridge.sla.history import ClockHistory
from mailbridge.sla.levels import Run
from mailbridge.sla.segments import PauseReason, TargetKind
from mailbridge.sla.why import Counting, Outcome, Stretch, Why, hours, why
from mailbridge.tickets.deadlines import promised_runs
from mailbridge.tickets.model import Ticket

MOST_INTERVALS = 24  # of one target in a mail: those at both ends; the middle is one interval
MOST_FINISHED = 3  # runs of the next answer, or of teams, that have ended
LATE, FOLDED = "late", "folded"
NARROWEST = 2  # percent of the timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class _Interval:
    """`counted`: the working time in it."""

    kind: str
    start: datetime
    end: datetime | None
    said: Summary
    counted: timedelta = timedelta(0)


def due_times(
    asked: str, ticket: Ticket, history: ClockHistory, organisation: Organisation, now: datetime, language: str = "en"
) -> DueTimes:
    """Every target of the ticket as it stands now.  `language`: in which statuses are named."""
    every = promised_runs(ticket, history, organisation)
    shown = _shown(every)
    reasons = [(run, why(run, now)) for run in shown]
    intervals = [_folded(list(_intervals(run, reason, organisation, language))) for run, reason in reasons]
    more = len(every) - len(shown)
    return DueTimes(
        asked=asked,
        said=tuple(_terms(ticket)) if shown else (_said("none"),),
        rows=tuple(_row(number, run, reason, organisation) for number, (run, reason) in enumerate(reasons, start=1)),
        intervals=tuple(row for number, some in enumerate(intervals, start=1) for row in _rows(number, some, now)),
        more=(Summary(key="why.more", values={"count": str(more)}, count=more),) if more else (),
    )


def _shown(every: Sequence[Run]) -> list[Run]:
    """Without the oldest of the runs that ended, of a clock that runs many times."""
    ended: dict[TargetKind, list[Run]] = {}
    for run in every:
        if run.segment.end is not None:
            ended.setdefault(run.segment.promise, []).append(run)
    old = [id(run) for runs in ended.values() for run in runs[:-MOST_FINISHED]]
    return [run for run in every if id(run) not in old]


def _terms(ticket: Ticket) -> Iterator[Summary]:
    fields = dict(ticket.fields)
    yield Summary(key="priority", values={"priority": ticket.priority})
    if ticket.sla:
        yield _said("level", level=ticket.sla)
    for name in ("contract", "location"):
        if fields.get(name):
            yield Summary(key=f"why.{name}", values={name: fields[name]})


def _row(number: int, run: Run, reason: Why, organisation: Organisation) -> TargetRow:
    team = organisation.teams.get(run.segment.team)
    name = Summary(key=f"target.{run.segment.promise}", values={"team": team.title if team else run.segment.team})
    outcome = tuple(_outcome(reason))
    return TargetRow(
        run=number, name=(name,), outcome=outcome, state=reason.outcome, budget=hours(reason.budget), calendar=run.calendar.name
    )


def _outcome(reason: Why) -> Iterator[Summary]:
    match reason.outcome:
        case Outcome.STANDS:
            yield _said("stands", left=hours(reason.left))
        case Outcome.KEPT:
            yield _said("met", at=reason.ended_at)
            if reason.due_at is not None:
                yield _said("due", at=reason.due_at)
        case Outcome.BROKEN:
            yield _said("missed", at=reason.due_at)
            yield _said("done", at=reason.ended_at)
        case Outcome.OVERDUE:
            yield _said("overdue", at=reason.due_at)
        case Outcome.RUNNING:
            yield _said("due", at=reason.due_at)


def _intervals(run: Run, reason: Why, organisation: Organisation, language: str) -> Iterator[_Interval]:
    for stretch in reason.stretches:
        said = _meaning(stretch, organisation, language)
        yield _Interval(kind=stretch.kind, start=stretch.start, end=stretch.end, said=said, counted=stretch.counted)
    if reason.outcome in (Outcome.OVERDUE, Outcome.BROKEN) and reason.due_at is not None:
        yield _Interval(kind=LATE, start=reason.due_at, end=run.segment.end, said=_said("late"))


def _meaning(stretch: Stretch, organisation: Organisation, language: str) -> Summary:
    match stretch.kind:
        case Counting.COUNTED:
            return _said("counted", length=hours(stretch.counted))
        case Counting.CLOSED | Counting.HOLIDAY:
            return _said(stretch.kind)
        case Counting.PAUSED:
            return _pause(stretch, organisation, language)


def _pause(stretch: Stretch, organisation: Organisation, language: str) -> Summary:
    if stretch.reason is not PauseReason.WAITING:
        return _said(stretch.reason or PauseReason.WAITING)
    if stretch.status in ("", transitions.WAITING):
        return _said(Awaited.CUSTOMER)
    title = transitions.status(stretch.status, organisation).title_in(language)
    whom = transitions.waits_for(stretch.status, organisation)
    return replace(_said(whom, status=title), variant="status")


def _folded(intervals: list[_Interval]) -> list[_Interval]:
    """With one interval in place of those in the middle, where they are too many for a mail."""
    if len(intervals) <= MOST_INTERVALS:
        return intervals
    first, middle = MOST_INTERVALS // 2, intervals[MOST_INTERVALS // 2 : -(MOST_INTERVALS // 2) + 1]
    counted = sum((one.counted for one in middle), timedelta(0))
    said = Summary(key="why.folded", values={"count": str(len(middle)), "length": hours(counted)}, count=len(middle))
    fold = _Interval(kind=FOLDED, start=middle[0].start, end=middle[-1].end, said=said, counted=counted)
    return [*intervals[:first], fold, *intervals[first + len(middle) :]]


def _rows(number: int, intervals: Sequence[_Interval], now: datetime) -> Iterator[IntervalRow]:
    widths = timeline([(one.kind, (one.end or max(now, one.start)) - one.start, one.counted) for one in intervals])
    for one, percent in zip(intervals, widths, strict=True):
        yield IntervalRow(run=number, kind=one.kind, start=one.start, end=one.end, percent=percent, said=(one.said,))


def timeline(parts: Sequence[tuple[str, timedelta, timedelta]]) -> list[int]:
    """The widths in percent, 100 together, of these (kind, length, counted time).  Counted time is to scale; what was not counted is at
    most as wide as a quarter of it, or a weekend would leave nothing of two hours of work."""
    total = sum((counted for _, _, counted in parts), timedelta(0))
    widest = total / 4 if total else max((length for _, length, _ in parts), default=timedelta(0))
    weights = [max(counted or min(length, widest), timedelta(microseconds=1)) for _, length, counted in parts]
    free, whole = 100 - NARROWEST * len(parts), sum(weights, timedelta(0))
    exact = [NARROWEST + free * (weight / whole) for weight in weights]
    ends = [round(sum(exact[: number + 1])) for number in range(len(exact))]
    return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]


def _said(what: str, at: datetime | None = None, **values: str) -> Summary:
    return Summary(key=f"why.{what}", values=values, at=at)
