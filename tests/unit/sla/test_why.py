from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from mailbridge.sla.calendar import Calendar
from mailbridge.sla.clock import Pause
from mailbridge.sla.levels import Run
from mailbridge.sla.segments import PauseReason, Segment, Standing, TargetKind
from mailbridge.sla.why import Counting, Outcome, Why, lines
from mailbridge.sla.why import why as why_of
from tests.examples import examples

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
IASI = Calendar(name="Iași 9-18", zone="Europe/Bucharest", hours=(((time(9), time(18)),),) * 5 + ((), ()))


def why(
    *,
    start: datetime,
    budget: timedelta,
    waiting: Sequence[Pause],
    calendar: Calendar,
    end: datetime | None = None,
    now: datetime | None = None,
) -> Why:
    """The reason of a first response that stood in these times."""
    standing = tuple(Standing(start=begin, end=stop, reason=PauseReason.WAITING, status="waiting") for begin, stop in waiting)
    segment = Segment(promise=TargetKind.RESPONSE, start=start, end=end, standing=standing)
    return why_of(Run(segment=segment, budget=budget, calendar=calendar), now or start)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Bucharest")).astimezone(UTC)


def test_every_stretch_is_told_as_an_operator_reads_it() -> None:
    # given a request of Friday evening that waited for the customer for half an hour of Monday
    answer = why(
        start=local("2026-11-20T17:40"), budget=2 * HOUR, calendar=IASI, waiting=((local("2026-11-23T10:10"), local("2026-11-23T10:40")),)
    )
    # then
    assert lines(answer, IASI) == (
        "Fri 17:40 – 18:00        counted   0:20",
        "Fri 18:00 – Mon 09:00    closed (Sat, Sun)",
        "Mon 09:00 – 10:10        counted   1:10",
        "Mon 10:10 – 10:40        paused: waiting for customer",
        "Mon 10:40 – 11:10        counted   0:30   due Mon 11:10",
    )
    assert answer.counted == answer.budget
    assert answer.due_at == local("2026-11-23T11:10")


def test_a_standing_clock_says_what_is_left() -> None:
    answer = why(start=local("2026-11-23T09:00"), budget=2 * HOUR, calendar=IASI, waiting=((local("2026-11-23T10:30"), None),))
    assert answer.due_at is None
    assert answer.left == 30 * MINUTE
    assert lines(answer, IASI)[-1] == "Mon 10:30 – now          paused: waiting for customer"


def test_a_holiday_is_a_stretch_of_its_own() -> None:
    holidays = frozenset({date(2026, 11, 29), date(2026, 11, 30), date(2026, 12, 1)})
    calendar = Calendar(zone=IASI.zone, hours=IASI.hours, holidays=holidays)
    answer = why(start=local("2026-11-27T17:00"), budget=2 * HOUR, calendar=calendar, waiting=())
    assert lines(answer, calendar) == (
        "Fri 17:00 – 18:00        counted   1:00",
        "Fri 18:00 – Mon 00:00    closed (Sat, Sun)",  # a Sunday is closed, holiday or not
        "Mon 00:00 – Wed 00:00    holiday (2026-11-30, 2026-12-01)",
        "Wed 00:00 – 09:00        closed",
        "Wed 09:00 – 10:00        counted   1:00   due Wed 10:00",
    )


def test_a_date_with_hours_of_its_own_is_no_holiday() -> None:
    day = date(2026, 12, 1)
    half, none = ((day, ((time(9), time(10)),)),), ((day, ()),)
    for special, said in ((half, "counted   1:00"), (none, "holiday (2026-12-01)")):
        calendar = Calendar(zone=IASI.zone, hours=IASI.hours, holidays=frozenset({day} if special is half else ()), special=special)
        found = lines(why(start=local("2026-12-01T00:00"), budget=2 * HOUR, calendar=calendar, waiting=()), calendar)
        assert any(line.endswith(said) for line in found)


def test_a_long_time_is_told_with_dates_and_seconds() -> None:
    start = local("2026-11-20T17:59") + timedelta(seconds=15)
    answer = why(start=start, budget=46 * HOUR, calendar=IASI, waiting=())
    told = lines(answer, IASI)
    assert told[0] == "Fri 2026-11-20 17:59 – 18:00                 counted   0:00:45"
    assert told[-1].endswith("counted   0:59:15   due Mon 2026-11-30 09:59")


moments = st.integers(0, 20_000).map(lambda n: local("2026-10-23T00:00") + n * MINUTE)


@settings(max_examples=examples(80), deadline=None)
@given(moments, st.integers(1, 3000), st.lists(st.tuples(moments, moments), max_size=4))
def test_stretches_touch_and_add_up_to_the_budget(start: datetime, budget: int, pauses: list[tuple[datetime, datetime]]) -> None:
    answer = why(start=start, budget=budget * MINUTE, waiting=pauses, calendar=IASI)
    assert answer.stretches[0].start == start
    assert answer.stretches[-1].end == answer.due_at
    for before, after in pairwise(answer.stretches):
        assert before.end == after.start
    assert answer.counted == budget * MINUTE
    assert all(stretch.kind is not Counting.CLOSED or stretch.counted == timedelta(0) for stretch in answer.stretches)


def test_a_promise_is_kept_up_to_the_second_in_which_it_is_due() -> None:
    opened, due = local("2026-11-23T09:00"), local("2026-11-23T11:00")
    kept = why(start=opened, budget=2 * HOUR, calendar=IASI, waiting=(), end=due, now=due)
    late = why(start=opened, budget=2 * HOUR, calendar=IASI, waiting=(), end=due + timedelta(seconds=1), now=due + HOUR)
    assert (kept.outcome, late.outcome) == (Outcome.KEPT, Outcome.BROKEN)
    assert kept.due_at == late.due_at == due
    assert late.stretches[-1].end == due  # what came after it was due explains nothing


def test_an_open_promise_is_overdue_from_its_due_time_on() -> None:
    opened, due = local("2026-11-23T09:00"), local("2026-11-23T11:00")
    before, after = (
        why(start=opened, budget=2 * HOUR, calendar=IASI, waiting=(), now=now) for now in (due - timedelta(seconds=1), due)
    )
    assert (before.outcome, after.outcome) == (Outcome.RUNNING, Outcome.OVERDUE)


def test_each_part_of_a_pause_has_its_reason() -> None:
    opened = local("2026-11-23T09:00")
    standing = (
        Standing(start=opened + HOUR, end=opened + 2 * HOUR, reason=PauseReason.WAITING, status="supplier"),
        Standing(start=opened + 2 * HOUR, end=opened + 3 * HOUR, reason=PauseReason.SOLVED, status="closed"),
        Standing(start=opened + 4 * HOUR, end=opened + 5 * HOUR, reason=PauseReason.ANSWERED),
    )
    segment = Segment(promise=TargetKind.RESPONSE, start=opened, end=None, standing=standing)
    answer = why_of(Run(segment=segment, budget=3 * HOUR, calendar=IASI), opened)
    assert [line.split("  ")[-1].strip() for line in lines(answer, IASI) if "paused" in line] == [
        "paused: waiting for supplier",
        "paused: solved",
        "paused: answered, but the answer was not delivered",
    ]
    assert answer.due_at == opened + 6 * HOUR
