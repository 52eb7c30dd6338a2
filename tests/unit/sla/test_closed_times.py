"""Closed times of feeds are taken out of the hours of a calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from mailbridge.sla.calendar import Calendar, due, is_open, worked
from mailbridge.sla.closed_times import ClosedTimes, without

NINE_TO_FIVE = (((time(9), time(12)), (time(13), time(17))),) * 5 + ((), ())
OFFICE = Calendar(name="office", zone="Europe/Bucharest", hours=NINE_TO_FIVE)
MONDAY = date(2026, 3, 2)


def at(hour: int, minute: int = 0, day: int = 2) -> datetime:
    """By the clock of Bucharest, in UTC."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC) - timedelta(hours=2)


def times(*spans: tuple[datetime, datetime], days: tuple[date, ...] = ()) -> ClosedTimes:
    return ClosedTimes(days=frozenset(days), spans=frozenset(spans))


def hours_on(calendar: Calendar, day: int) -> float:
    return worked(at(0, day=day), at(0, day=day + 1), calendar) / timedelta(hours=1)


def test_whole_days_are_closed_but_for_those_with_hours_of_their_own() -> None:
    half = Calendar(name="office", zone="Europe/Bucharest", hours=NINE_TO_FIVE, special=((date(2026, 3, 3), ((time(9), time(11)),)),))
    closed = without(half, [times(days=(MONDAY, date(2026, 3, 3), date(2026, 3, 4)))], worked=[date(2026, 3, 4)])
    assert [hours_on(closed, day) for day in (2, 3, 4, 5)] == [0, 2, 7, 7]


def test_a_time_is_cut_out_of_the_hours() -> None:
    closed = without(OFFICE, [times((at(11), at(14)))])
    assert hours_on(closed, 2) == 5
    assert not is_open(at(11), closed)
    assert is_open(at(14), closed)
    assert due(at(10), closed, timedelta(hours=2)) == at(15)


def test_times_over_midnight_and_beside_each_other_and_overlapping() -> None:
    closed = without(OFFICE, [times((at(16), at(10, day=3)), (at(15, 30), at(16, 30))), times((at(9, day=4), at(17, day=4)))])
    assert [hours_on(closed, day) for day in (2, 3, 4)] == [5.5, 6, 0]


def test_a_time_without_a_zone_counts_by_the_clock_of_the_calendar() -> None:
    closed = without(OFFICE, [ClosedTimes(floating=frozenset({(datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 10))}))])
    assert not is_open(at(9, 59), closed)
    assert hours_on(closed, 2) == 6


def test_what_is_outside_of_the_hours_changes_nothing() -> None:
    assert without(OFFICE, [times((at(18), at(20)), (at(9, day=7), at(17, day=7)))]) == OFFICE


def test_a_feed_that_drops_its_past_keeps_it() -> None:
    now = at(12)
    before = times((at(9), at(10)), (at(14), at(15)), days=(date(2026, 2, 27), date(2026, 3, 9)))
    later = times(days=(date(2026, 3, 10),)).with_past_of(before, now)
    assert later == times((at(9), at(10)), days=(date(2026, 2, 27), date(2026, 3, 10)))
