"""The clocks of a ticket as segments: when each promise began to count, when it ended, and when it stood still.  Pure.

A segment says nothing of promised times: the same past under another contract has the same segments.  Pauses are intervals, and whoever
computes a due time takes them out of the working time.
"""

from __future__ import annotations

from bisect import bisect_left
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
    CLAIM = "claim"  # somebody takes it


class PauseReason(StrEnum):
    """Why a clock stands."""

    WAITING = "waiting"
    SOLVED = "solved"
    ANSWERED = "answered"  # by an answer that did not reach the customer in the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A time in which the clock stands.  `end` None: it still does.  `status`: what the ticket waited in."""

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
    """Every run of every clock, the promised ones and the others, by promise and start."""
    standing = tuple(_standing(history, targets))
    answered = tuple(_unreached(history))
    first = min((answer.at for answer in history.answers if answer.failed_at is None), default=None)
    opened, solved = history.opened_at, history.solved_at
    return (
        Segment(promise=TargetKind.RESPONSE, start=opened, end=_after(opened, first), standing=standing + answered),
        *_next_responses(history, targets, first, standing + answered),
        Segment(promise=TargetKind.RESOLUTION, start=opened, end=_after(opened, solved), standing=standing),
        Segment(promise=TargetKind.ARRIVAL, start=opened, end=_after(opened, history.arrived_at), standing=standing),
        *_teams(history, standing, solved),
        Segment(promise=TargetKind.CLAIM, start=opened, end=_after(opened, claimed_at), standing=standing),
    )


def _next_responses(
    history: ClockHistory, targets: Targets, first: datetime | None, standing: tuple[Standing, ...]
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
            yield Segment(promise=TargetKind.NEXT_RESPONSE, start=waiting, end=end, standing=standing)
        waiting = asked
    if waiting is not None:
        yield Segment(promise=TargetKind.NEXT_RESPONSE, start=waiting, end=_answered(answers, waiting), standing=standing)


def _answered(answers: Sequence[datetime], since: datetime) -> datetime | None:
    """The first of these answers, which are in order, that came then or later.  Found by halving: a ticket may have thousands of each."""
    found = bisect_left(answers, since)
    return answers[found] if found < len(answers) else None


def _teams(history: ClockHistory, standing: tuple[Standing, ...], solved: datetime | None) -> Iterator[Segment]:
    """A run for each team that had the ticket, from the moment at which it came to the team."""
    for number, change in enumerate(history.teams):
        following = history.teams[number + 1].at if number + 1 < len(history.teams) else None
        end = following if following is not None else _after(change.at, solved)
        yield Segment(promise=TargetKind.TEAM, start=change.at, end=end, standing=standing, team=change.team)


def _standing(history: ClockHistory, targets: Targets) -> Iterator[Standing]:
    """The times in which the status stopped the clocks."""
    for number, change in enumerate(history.modes):
        end = history.modes[number + 1].at if number + 1 < len(history.modes) else None
        if change.mode is Mode.WAITS:
            yield Standing(start=change.at, end=end, reason=PauseReason.WAITING, status=change.status)
        elif change.mode is Mode.SOLVED and targets.while_solved is WhileSolved.PAUSED:
            yield Standing(start=change.at, end=end, reason=PauseReason.SOLVED, status=change.status)


def _unreached(history: ClockHistory) -> Iterator[Standing]:
    """From an answer to the failure of its delivery everybody took the customer for answered."""
    for answer in history.answers:
        if answer.failed_at is not None:
            yield Standing(start=answer.at, end=answer.failed_at, reason=PauseReason.ANSWERED)


def _after(start: datetime, end: datetime | None) -> datetime | None:
    return None if end is None else max(start, end)
