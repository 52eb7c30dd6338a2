"""The clocks of a ticket as segments: when each promise began to count, when it ended, and when it stood still.  Pure.

A segment says nothing of promised times: the same past under another contract has the same segments.  Pauses are intervals, and whoever
computes a due time takes them out of the working time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailbridge.sla.clock import CountsFrom, Pause, Targets, WhileSolved
from mailbridge.sla.history import ClockHistory, Mode


class TargetKind(StrEnum):
    """What may be promised; the names are those of the stored clocks."""

    RESPONSE = "response"  # the first public answer that reaches the customer
    NEXT_RESPONSE = "next-response"  # the answer to the oldest message that nobody has answered
    RESOLUTION = "resolution"
    ARRIVAL = "arrival"  # of somebody at the customer's site
    TEAM = "team"  # the time in which a team solves the ticket or hands it on
    CLAIM = "claim"  # somebody takes it, counted from when the desk heard of it


class PauseReason(StrEnum):
    """Why a clock stands."""

    WAITING = "waiting"
    SOLVED = "solved"
    HOURS = "hours"  # the hour bank of the contract is empty
    ANSWERED = "answered"  # by an answer that did not reach the customer in the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A time in which the clock stands.  `end` None: it still does.  `status`: what the ticket waited in; the name of the bank
    where that is empty."""

    start: datetime
    end: datetime | None
    reason: PauseReason
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One run of a clock.  `end` None: the promise is open.  `team`: whose clock it is, of a team clock alone."""

    promise: TargetKind
    start: datetime
    end: datetime | None
    standing: tuple[Standing, ...] = ()
    team: str = ""

    @property
    def pauses(self) -> tuple[Pause, ...]:
        return tuple((one.start, one.end) for one in self.standing)


def segments(history: ClockHistory, targets: Targets, claimed_at: datetime | None) -> tuple[Segment, ...]:
    """Every run of every clock, the promised ones and the others, by promise and start.  Each has the times in which it stood, and no
    others: a ticket that waited a thousand times has a thousand runs of a clock that stood once."""
    standing = _Standings(tuple(_standing(history, targets)), tuple(_unreached(history)), tuple(_without_hours(history)))
    first = min((answer.at for answer in history.answers if answer.failed_at is None), default=None)
    opened, solved = history.opened_at, history.solved_at
    return (
        standing.run(TargetKind.RESPONSE, opened, _after(opened, first)),
        *_next_responses(history, targets, first, standing),
        standing.run(TargetKind.RESOLUTION, opened, _after(opened, solved)),
        standing.run(TargetKind.ARRIVAL, opened, _after(opened, history.arrived_at)),
        *_teams(history, standing, solved),
        standing.run(TargetKind.CLAIM, history.heard_at, _after(history.heard_at, claimed_at)),
    )


class _Standings:
    """The times in which clocks stand: by the status, one after the other; for answers to the customer those that did not arrive; and
    without hours."""

    def __init__(self, by_status: tuple[Standing, ...], unreached: tuple[Standing, ...], without_hours: tuple[Standing, ...]) -> None:
        self._by_status, self._unreached, self._without_hours = by_status, unreached, without_hours
        self._starts = [one.start for one in by_status]
        self._ends = [one.end for one in by_status if one.end is not None]  # all but the last one may be without
        self._never = not (by_status or unreached or without_hours)

    def run(self, promise: TargetKind, start: datetime, end: datetime | None, *, team: str = "") -> Segment:
        """The run from `start` to `end` with the times in which it stood."""
        if self._never:
            return Segment(promise=promise, start=start, end=end, team=team)
        first = bisect_right(self._ends, start)
        last = bisect_left(self._starts, end) if end is not None else len(self._starts)
        standing = self._by_status[first:last]
        if self._without_hours:
            standing += tuple(one for one in self._without_hours if _meet(one, start, end))
        if self._unreached and promise in (TargetKind.RESPONSE, TargetKind.NEXT_RESPONSE):
            standing += tuple(one for one in self._unreached if _meet(one, start, end))
        return Segment(promise=promise, start=start, end=end, standing=standing, team=team)


def _meet(one: Standing, start: datetime, end: datetime | None) -> bool:
    return (one.end is None or one.end > start) and (end is None or one.start < end)


def standing_pauses(history: ClockHistory, targets: Targets) -> tuple[Pause, ...]:
    """The times in which the status stops all clocks."""
    return tuple((one.start, one.end) for one in _standing(history, targets))


def _next_responses(
    history: ClockHistory, targets: Targets, first: datetime | None, standing: _Standings
) -> Iterator[Segment]:
    """A run for each time in which the customer waits for an answer after the first one.  Before it the first response counts alone."""
    if first is None:
        return
    answers = sorted(answer.at for answer in history.answers if answer.failed_at is None)
    waiting: datetime | None = None
    for asked in history.asked:
        if asked <= first:
            continue
        if waiting is not None:
            end = _answered(answers, waiting)
            if end is None or end >= asked:
                waiting = asked if targets.counts_from is CountsFrom.LAST else waiting
                continue
            yield standing.run(TargetKind.NEXT_RESPONSE, waiting, end)
        waiting = asked
    if waiting is not None:
        yield standing.run(TargetKind.NEXT_RESPONSE, waiting, _answered(answers, waiting))


def _answered(answers: Sequence[datetime], since: datetime) -> datetime | None:
    """The first of these answers, which are in order, that came then or later.  Found by halving: a ticket may have thousands of each."""
    found = bisect_left(answers, since)
    return answers[found] if found < len(answers) else None


def _teams(history: ClockHistory, standing: _Standings, solved: datetime | None) -> Iterator[Segment]:
    """A run for each team that had the ticket, from the moment at which it came to the team."""
    for number, change in enumerate(history.teams):
        following = history.teams[number + 1].at if number + 1 < len(history.teams) else None
        end = following if following is not None else _after(change.at, solved)
        yield standing.run(TargetKind.TEAM, change.at, end, team=change.team)


def _standing(history: ClockHistory, targets: Targets) -> Iterator[Standing]:
    """The times in which the status stopped the clocks."""
    for number, change in enumerate(history.modes):
        end = history.modes[number + 1].at if number + 1 < len(history.modes) else None
        if change.mode is Mode.WAITS:
            yield Standing(start=change.at, end=end, reason=PauseReason.WAITING, status=change.status)
        elif change.mode is Mode.SOLVED and targets.while_solved is WhileSolved.PAUSED:
            yield Standing(start=change.at, end=end, reason=PauseReason.SOLVED, status=change.status)


def _without_hours(history: ClockHistory) -> Iterator[Standing]:
    """The times in which the hour bank of the contract was empty."""
    for time in history.empty:
        yield Standing(start=time.start, end=time.end, reason=PauseReason.HOURS, status=time.bank)


def _unreached(history: ClockHistory) -> Iterator[Standing]:
    """From an answer to the failure of its delivery everybody took the customer for answered."""
    for answer in history.answers:
        if answer.failed_at is not None:
            yield Standing(start=answer.at, end=answer.failed_at, reason=PauseReason.ANSWERED)


def _after(start: datetime, end: datetime | None) -> datetime | None:
    return None if end is None else max(start, end)
