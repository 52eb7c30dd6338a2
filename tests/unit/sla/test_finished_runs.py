"""A finished run of a clock is as it was when it ended, whatever the targets and calendars are since."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from mailbridge.sla.calendar import Calendar
from mailbridge.sla.clock import CountsFrom, Targets
from mailbridge.sla.history import Answer, ClockHistory, Mode, ModeChange
from mailbridge.sla.levels import Promised, counted, deadlines, newly_finished, no_longer_finished, runs
from mailbridge.sla.segments import TargetKind
from mailbridge.sla.versions import version_of
from mailbridge.sla.why import Outcome, why

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
OFFICE = Calendar(name="office", hours=(((time(9), time(17)),),) * 5 + ((), ()), made_with="tzdata 1, holidays 1")
TARGETS = Targets(response=HOUR, next_response=HOUR, resolution=16 * HOUR)
PAST = ClockHistory(
    opened_at=MONDAY,
    heard_at=MONDAY,
    asked=(MONDAY, MONDAY + 3 * HOUR, MONDAY + 4 * HOUR),
    answers=(Answer(at=MONDAY + 2 * HOUR), Answer(at=MONDAY + 5 * HOUR)),
)
THEN = Promised(targets=TARGETS, calendar=OFFICE)
KEPT = newly_finished(runs(PAST, THEN))
HISTORY = replace(PAST, finished=KEPT)


def outcomes(history: ClockHistory, promised: Promised) -> dict[str, Outcome]:
    return {run.segment.promise.value: why(run, MONDAY + 6 * HOUR).outcome for run in runs(history, promised)}


def test_each_finished_run_is_kept_once() -> None:
    assert [(run.promise, run.start, run.end, run.due_at) for run in KEPT] == [
        ("response", MONDAY, MONDAY + 2 * HOUR, MONDAY + HOUR),
        ("next-response", MONDAY + 3 * HOUR, MONDAY + 5 * HOUR, MONDAY + 4 * HOUR),
    ]
    assert newly_finished(runs(HISTORY, THEN)) == ()


def test_other_targets_and_calendars_rewrite_none_of_them_and_move_what_runs() -> None:
    closed = replace(OFFICE, holidays=frozenset({date(2026, 3, 2)}))
    now = Promised(targets=Targets(response=5 * HOUR, next_response=5 * HOUR, resolution=8 * HOUR), calendar=closed)
    assert outcomes(PAST, now) == {"response": Outcome.KEPT, "next-response": Outcome.KEPT, "resolution": Outcome.RUNNING}
    assert outcomes(HISTORY, now) == {"response": Outcome.BROKEN, "next-response": Outcome.BROKEN, "resolution": Outcome.RUNNING}
    assert {one.promise: one.due_at for one in deadlines(HISTORY, now, MONDAY) if one.step == "overdue"} == {
        "resolution": datetime(2026, 3, 3, 17, tzinfo=UTC)
    }
    assert {run.calendar.made_with for run in runs(HISTORY, now) if run.kept} == {"tzdata 1, holidays 1"}


def test_a_clock_that_is_promised_no_more_keeps_its_finished_runs_alone() -> None:
    assert outcomes(HISTORY, Promised(targets=Targets(), calendar=OFFICE)) == {"response": Outcome.BROKEN, "next-response": Outcome.BROKEN}


def test_a_run_that_begins_elsewhere_under_the_new_targets_is_the_same_run() -> None:
    """Counted from the last message the run would begin an hour later and be kept in time."""
    last = Promised(targets=replace(TARGETS, counts_from=CountsFrom.LAST), calendar=OFFICE)
    assert outcomes(PAST, last)["next-response"] is Outcome.KEPT
    assert outcomes(HISTORY, last)["next-response"] is Outcome.BROKEN
    assert no_longer_finished(HISTORY, counted(HISTORY, last).segments) == ()


def test_a_run_that_the_history_has_no_more_is_not_kept() -> None:
    failed = replace(HISTORY, answers=(Answer(at=MONDAY + 2 * HOUR, failed_at=MONDAY + 5 * HOUR), Answer(at=MONDAY + 6 * HOUR)))
    assert [run.promise for run in no_longer_finished(failed, counted(failed, THEN).segments)] == ["response", "next-response"]
    assert outcomes(replace(failed, finished=()), THEN)["response"] is Outcome.BROKEN

    solved = replace(PAST, modes=(ModeChange(at=MONDAY + 5 * HOUR, mode=Mode.SOLVED),))
    kept = newly_finished(runs(solved, THEN))
    assert TargetKind.RESOLUTION in {run.promise for run in kept}
    again = replace(solved, modes=(*solved.modes, ModeChange(at=MONDAY + 6 * HOUR, mode=Mode.RUNS)), finished=kept)
    assert [run.promise for run in no_longer_finished(again, counted(again, THEN).segments)] == ["resolution"]


def test_the_version_of_a_calendar_is_of_its_days_and_of_what_computed_them() -> None:
    assert version_of(OFFICE) == version_of(replace(OFFICE))
    others = (
        replace(OFFICE, zone="Asia/Kathmandu"),
        replace(OFFICE, holidays=frozenset({date(2026, 3, 2)})),
        replace(OFFICE, special=((date(2026, 3, 2), ()),)),
        replace(OFFICE, made_with="tzdata 2, holidays 1"),
    )
    assert len({version_of(one) for one in (OFFICE, *others)}) == 5
