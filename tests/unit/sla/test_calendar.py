"""Working time against a second, slow reading of the same sentence: a minute counts when the wall clock shows a time inside the hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbridge.errors import Permanent
from mailbridge.sla.calendar import HORIZON, Calendar, due, dues, is_open, next_open, open_stretches, worked
from tests.examples import examples

HOUR, MINUTE, ZERO = timedelta(hours=1), timedelta(minutes=1), timedelta(0)
OFFICE = Calendar(name="Iași 9-18", zone="Europe/Bucharest", hours=(((time(9), time(18)),),) * 5 + ((), ()))
ALWAYS_BERLIN = Calendar(name="always", zone="Europe/Berlin")
NEVER = Calendar(name="never", hours=((),) * 7)
ZONES = (
    "UTC", "Europe/Berlin", "Europe/Bucharest", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns",
    "Africa/Cairo",
)  # fmt: skip


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def minute_is_worked(moment: datetime, calendar: Calendar) -> bool:
    """The slow model.  Hours in these tests are whole minutes, so a minute is worked whole or not at all."""
    wall = moment.astimezone(ZoneInfo(calendar.zone))
    if wall.date() in calendar.holidays:
        return False
    return any(opens <= wall.time() and (closes == time.max or wall.time() < closes) for opens, closes in calendar.hours[wall.weekday()])


def worked_slowly(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    minutes = int((end - start) / MINUTE)
    return MINUTE * sum(minute_is_worked(start + n * MINUTE, calendar) for n in range(minutes))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Any week: broken days, hours that overlap, days without any, hours in the middle of the night."""
    day = st.lists(
        st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda span: span[0] < span[1]), max_size=3
    ).map(lambda spans: tuple((_time(a), _time(b)) for a, b in spans))
    return Calendar(
        name="any",
        zone=draw(st.sampled_from(ZONES)),
        hours=tuple(draw(day) for _ in range(7)),
        holidays=frozenset(draw(st.lists(st.dates(date(2026, 3, 26), date(2026, 4, 5)), max_size=2))),
    )


def _time(minute: int) -> time:
    return time.max if minute == 1440 else time(minute // 60, minute % 60)


# The days around the changes of clocks of all the zones above, in both directions.
MOMENTS = st.sampled_from(
    (
        *(at(f"2026-{day}T12:00") for day in ("03-06", "03-27", "04-03", "04-22")),
        *(at(f"2026-{day}T12:00") for day in ("06-01", "10-02", "10-23", "10-28", "10-30")),
    )
).flatmap(lambda base: st.integers(0, 3 * 1440).map(lambda minutes: base + minutes * MINUTE))
SPANS = st.integers(0, 4 * 1440).map(lambda minutes: minutes * MINUTE)


@settings(max_examples=examples(150), deadline=None)
@given(calendars(), MOMENTS, SPANS)
def test_worked_time_is_the_sum_of_worked_minutes(calendar: Calendar, start: datetime, span: timedelta) -> None:
    assert worked(start, start + span, calendar) == worked_slowly(start, start + span, calendar)


@settings(max_examples=examples(150), deadline=None)
@given(calendars(), MOMENTS)
def test_open_means_the_minute_is_worked(calendar: Calendar, moment: datetime) -> None:
    assert is_open(moment, calendar) == minute_is_worked(moment, calendar)


@settings(max_examples=examples(150), deadline=None)
@given(calendars(), MOMENTS, SPANS)
def test_exactly_the_budget_is_worked_when_it_is_due_and_no_sooner(calendar: Calendar, start: datetime, budget: timedelta) -> None:
    # given a calendar that has working time at all
    if not any(calendar.hours):
        return
    # when
    try:
        moment = due(start, calendar, budget)
    except Permanent:  # a minute a week is ten working hours in ten years
        assert worked(start, start + HORIZON, calendar) < budget
        return
    # then
    assert worked(start, moment, calendar) == budget
    if budget:
        assert worked(start, moment - timedelta(microseconds=1), calendar) < budget


@settings(max_examples=examples(100), deadline=None)
@given(calendars(), MOMENTS, st.lists(SPANS, min_size=1, max_size=5))
def test_several_budgets_found_together_are_due_when_each_alone_is(calendar: Calendar, start: datetime, budgets: list[timedelta]) -> None:
    budgets = [*budgets, timedelta(0), budgets[0]]
    try:
        alone = [due(start, calendar, budget) for budget in budgets]
    except Permanent:
        with pytest.raises(Permanent, match="too little working time"):
            dues(start, calendar, budgets)
        return
    assert dues(start, calendar, budgets) == alone


@settings(max_examples=examples(100), deadline=None)
@given(calendars(), MOMENTS)
def test_next_open_is_open_and_nothing_before_it_is(calendar: Calendar, moment: datetime) -> None:
    if not any(calendar.hours):
        return
    opening = next_open(moment, calendar)
    assert is_open(opening, calendar)
    assert worked(moment, opening, calendar) == ZERO


@settings(max_examples=examples(100), deadline=None)
@given(calendars(), MOMENTS, SPANS, SPANS)
def test_worked_time_adds_up_wherever_it_is_cut(calendar: Calendar, start: datetime, first: timedelta, second: timedelta) -> None:
    middle, end = start + first, start + first + second
    assert worked(start, middle, calendar) + worked(middle, end, calendar) == worked(start, end, calendar)


@settings(max_examples=examples(60), deadline=None)
@given(calendars(), MOMENTS, SPANS)
def test_stretches_are_in_order_and_apart(calendar: Calendar, start: datetime, span: timedelta) -> None:
    edges = [edge for stretch in open_stretches(start, start + span, calendar) for edge in stretch]
    assert edges == sorted(set(edges))


@pytest.mark.parametrize("zone", ZONES)
def test_a_day_and_night_desk_counts_every_second_of_ten_years_once(zone: str) -> None:
    start, end = at("2026-01-01T00:00"), at("2036-01-01T00:00")
    assert worked(start, end, Calendar(zone=zone)) == end - start


def test_two_hours_from_friday_evening_end_on_monday_morning() -> None:
    friday = at("2026-11-20T17:40", "Europe/Bucharest")
    assert due(friday, OFFICE, 2 * HOUR) == at("2026-11-23T10:40", "Europe/Bucharest")


def test_a_holiday_is_not_worked() -> None:
    calendar = Calendar(zone=OFFICE.zone, hours=OFFICE.hours, holidays=frozenset({date(2026, 12, 1)}))
    assert due(at("2026-11-30T17:00", "Europe/Bucharest"), calendar, 2 * HOUR) == at("2026-12-02T10:00", "Europe/Bucharest")


def test_the_hour_skipped_in_spring_is_not_worked() -> None:
    # given the night of 2026-03-29: 02:00 becomes 03:00
    assert worked(at("2026-03-29T00:00", "Europe/Berlin"), at("2026-03-29T06:00", "Europe/Berlin"), ALWAYS_BERLIN) == 5 * HOUR


def test_the_hour_repeated_in_autumn_is_worked_twice() -> None:
    night = Calendar(zone="Europe/Berlin", hours=(((time(2), time(3)),),) * 7)
    assert worked(at("2026-10-24T22:00"), at("2026-10-25T22:00"), night) == 2 * HOUR


def test_hours_inside_the_skipped_hour_do_not_happen_that_day() -> None:
    night = Calendar(zone="Europe/Berlin", hours=(((time(2, 15), time(2, 45)),),) * 7)
    assert due(at("2026-03-29T00:00"), night, 30 * MINUTE) == at("2026-03-30T02:45", "Europe/Berlin")


def test_opening_time_is_open_and_closing_time_is_closed() -> None:
    assert is_open(at("2026-11-20T09:00", "Europe/Bucharest"), OFFICE)
    assert not is_open(at("2026-11-20T18:00", "Europe/Bucharest"), OFFICE)


def test_a_budget_used_up_at_closing_time_is_due_then() -> None:
    assert due(at("2026-11-20T09:00", "Europe/Bucharest"), OFFICE, 9 * HOUR) == at("2026-11-20T18:00", "Europe/Bucharest")


def test_no_budget_is_due_at_once_even_when_closed() -> None:
    saturday = at("2026-11-21T12:00")
    assert due(saturday, OFFICE, ZERO) == saturday


def test_the_other_way_round_nothing_is_worked() -> None:
    assert worked(at("2026-11-20T12:00"), at("2026-11-19T12:00"), OFFICE) == ZERO


def test_microseconds_are_kept() -> None:
    start = at("2026-11-20T10:00:00.123457")
    assert due(start, OFFICE, timedelta(microseconds=1)) == start + timedelta(microseconds=1)


def test_a_calendar_without_hours_is_refused_not_searched_for_ever() -> None:
    with pytest.raises(Permanent, match="never"):
        next_open(at("2026-11-20T12:00"), NEVER)
    with pytest.raises(Permanent, match="never"):
        due(at("2026-11-20T12:00"), NEVER, HOUR)
    assert worked(at("2026-11-20T12:00"), at("2026-11-21T12:00"), NEVER) == ZERO


def test_the_last_days_of_the_calendar_do_not_overflow() -> None:
    with pytest.raises(Permanent):
        due(datetime(9999, 12, 28, tzinfo=UTC), Calendar(), timedelta(days=30))
