from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mailbridge.sla.calendar import Calendar, worked
from mailbridge.sla.clock import Deadline, Pause, Targets, due_with_pauses, merged, worked_with_pauses
from mailbridge.sla.history import Answer, ClockHistory, Mode, ModeChange, TeamChange
from mailbridge.sla.levels import Promised, deadlines
from tests.examples import examples

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OPENED = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)  # a Monday
OFFICE = Calendar(name="office", zone="UTC", hours=(((time(8), time(12)), (time(13), time(17))),) * 5 + ((), ()))


def the_past(
    *, answered: datetime | None = None, waiting: tuple[Pause, ...] = (), closed: datetime | None = None, **different: Any
) -> ClockHistory:
    """A ticket of this past, opened on Monday at eight."""
    modes = [ModeChange(at=begin, mode=Mode.WAITS) for begin, _ in waiting]
    modes += [ModeChange(at=end, mode=Mode.RUNS) for _, end in waiting if end is not None]
    modes += [ModeChange(at=closed, mode=Mode.SOLVED)] if closed is not None else []
    usual = ClockHistory(
        opened_at=OPENED,
        heard_at=OPENED,
        asked=(OPENED,),
        answers=(Answer(at=answered),) if answered is not None else (),
        modes=tuple(sorted(modes, key=lambda change: change.at)),
        teams=(TeamChange(at=OPENED, team="support"),),
    )
    return replace(usual, **different)


def the_deadlines(
    *,
    claimed: datetime | None = None,
    targets: Targets = Targets(response=4 * HOUR, resolution=16 * HOUR),  # noqa: B008  (frozen)
    unclaimed_after: timedelta | None = HOUR,
    now: datetime = OPENED,
    **past: Any,
) -> dict[tuple[str, str], datetime]:
    promised = Promised(targets=targets, calendar=OFFICE, claimed_at=claimed, unclaimed_after=unclaimed_after)
    found = deadlines(the_past(**past), promised, now)
    assert list(found) == sorted(found, key=lambda deadline: deadline.due_at)
    return {(deadline.promise, deadline.step): deadline.due_at for deadline in found}


def test_a_new_ticket_has_all_its_moments() -> None:
    assert the_deadlines() == {
        ("claim", "unclaimed"): OPENED + HOUR,
        ("response", "warning"): OPENED + 3 * HOUR,
        ("response", "overdue"): OPENED + 4 * HOUR,
        ("resolution", "warning"): datetime(2026, 11, 17, 12, 0, tzinfo=UTC),
        ("resolution", "overdue"): datetime(2026, 11, 17, 17, 0, tzinfo=UTC),
    }


def test_an_answer_keeps_the_response_promise() -> None:
    assert {promise for promise, _ in the_deadlines(answered=OPENED + MINUTE)} == {"claim", "resolution"}


def test_a_taken_ticket_is_not_unclaimed() -> None:
    assert ("claim", "unclaimed") not in the_deadlines(claimed=OPENED + MINUTE)


def test_a_closed_ticket_has_no_moments() -> None:
    assert the_deadlines(closed=OPENED + MINUTE) == {}


def test_without_targets_only_the_claim_counts() -> None:
    assert set(the_deadlines(targets=Targets())) == {("claim", "unclaimed")}


def test_waiting_for_the_customer_moves_every_moment_by_the_time_waited() -> None:
    waited = (OPENED + 30 * MINUTE, OPENED + 60 * MINUTE)
    found = the_deadlines(waiting=(waited,))
    assert found["claim", "unclaimed"] == OPENED + 90 * MINUTE
    assert found["response", "overdue"] == datetime(2026, 11, 16, 13, 30, tzinfo=UTC)  # over the midday break


def test_while_waiting_what_would_fall_due_later_is_unknown() -> None:
    found = the_deadlines(waiting=((OPENED + 3 * HOUR, None),))
    assert set(found) == {("claim", "unclaimed"), ("response", "warning")}


def test_a_breach_that_has_passed_silences_its_warning() -> None:
    found = the_deadlines(now=OPENED + 5 * HOUR)
    assert ("response", "warning") not in found
    assert found["response", "overdue"] == OPENED + 4 * HOUR


def test_a_warning_at_the_whole_budget_is_the_breach_itself() -> None:
    found = the_deadlines(targets=Targets(response=HOUR, warn_at=1.0))
    assert ("response", "warning") not in found


def test_the_same_ticket_gives_the_same_moments_again() -> None:
    # the store tells rows apart by promise, step and due time: a second look must not move them
    assert the_deadlines(now=OPENED + HOUR) == the_deadlines(now=OPENED + 2 * HOUR)


def test_deadlines_are_values() -> None:
    assert Deadline(promise="claim", step="unclaimed", due_at=OPENED) == Deadline(promise="claim", step="unclaimed", due_at=OPENED)


minutes = st.integers(-600, 6000).map(lambda n: OPENED + n * MINUTE)
pauses = st.lists(st.tuples(minutes, minutes), max_size=5).map(tuple)


def worked_outside(start: datetime, end: datetime, paused: tuple[Pause, ...]) -> timedelta:
    """Minute by minute: worked, and in no pause."""
    total = timedelta(0)
    while start < end:
        if not any(begin <= start and (stop is None or start < stop) for begin, stop in paused):
            total += worked(start, start + MINUTE, OFFICE)
        start += MINUTE
    return total


@settings(max_examples=examples(40), deadline=None)
@given(pauses, st.integers(1, 1000).map(lambda n: n * MINUTE))
def test_the_sum_is_exact_whatever_the_pauses(paused: tuple[Pause, ...], budget: timedelta) -> None:
    moment = due_with_pauses(OPENED, OFFICE, budget, paused)
    assert moment is not None
    assert worked_outside(OPENED, moment, paused) == budget
    assert worked_with_pauses(OPENED, moment, OFFICE, paused) == budget


@settings(max_examples=examples(40), deadline=None)
@given(pauses, minutes, st.integers(1, 1000).map(lambda n: n * MINUTE))
def test_an_open_pause_stops_what_it_comes_before(paused: tuple[Pause, ...], begin: datetime, budget: timedelta) -> None:
    moment = due_with_pauses(OPENED, OFFICE, budget, (*paused, (begin, None)))
    if moment is None:
        assert worked_outside(OPENED, begin, paused) < budget
    else:
        assert worked_outside(OPENED, moment, paused) == budget


@given(st.lists(st.tuples(minutes, st.none() | minutes), max_size=6).map(tuple))
def test_merged_pauses_are_in_order_and_apart(paused: tuple[Pause, ...]) -> None:
    result = merged(paused)
    for (_, end), (begin, _) in pairwise(result):
        assert end is not None
        assert end < begin
    for begin, end in paused:
        if end is None or end > begin:
            middle = begin if end is None else begin + (end - begin) / 2
            assert any(first <= middle and (last is None or middle < last) for first, last in result)
