from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from mailbridge.sla.calendar import Calendar
from mailbridge.sla.why import Counting, lines, why

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
IASI = Calendar(name="Iași 9-18", zone="Europe/Bucharest", hours=(((time(9), time(18)),),) * 5 + ((), ()))


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


def test_a_holiday_is_named() -> None:
    calendar = Calendar(zone=IASI.zone, hours=IASI.hours, holidays=frozenset({date(2026, 12, 1)}))
    answer = why(start=local("2026-11-30T17:00"), budget=2 * HOUR, calendar=calendar, waiting=())
    assert "closed (Tue 2026-12-01 holiday)" in lines(answer, calendar)[1]


moments = st.integers(0, 20_000).map(lambda n: local("2026-10-23T00:00") + n * MINUTE)


@settings(max_examples=80, deadline=None)
@given(moments, st.integers(1, 3000), st.lists(st.tuples(moments, moments), max_size=4))
def test_stretches_touch_and_add_up_to_the_budget(start: datetime, budget: int, pauses: list[tuple[datetime, datetime]]) -> None:
    answer = why(start=start, budget=budget * MINUTE, waiting=pauses, calendar=IASI)
    assert answer.stretches[0].start == start
    assert answer.stretches[-1].end == answer.due_at
    for before, after in pairwise(answer.stretches):
        assert before.end == after.start
    assert answer.counted == budget * MINUTE
    assert all(stretch.kind is not Counting.CLOSED or stretch.counted == timedelta(0) for stretch in answer.stretches)
