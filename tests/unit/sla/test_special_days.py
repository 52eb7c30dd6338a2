"""Dates with hours of their own: half days and working Saturdays, also on holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from mailbridge.rules.load import load
from mailbridge.sla.calendar import Calendar, due, is_open, worked

TEAMS = """
default: support
teams: {support: {members: [ana], hours: office}}
agents: {ana: {title: Ana Pop, address: ana@desk.example}}
hours:
  office:
    zone: Europe/Bucharest
    week: {mon-fri: "09:00-17:00"}
    holidays: {country: RO}
    days: {2026-12-24: "09:00-13:00", 2026-12-19: ["10:00-12:00", "13:00-14:00"], 2026-12-25: "08:00-09:00"}
"""


def office() -> Calendar:
    loaded = load({"rules/teams.yaml": TEAMS})
    assert loaded.policy is not None, loaded.problems
    return loaded.policy.organisation.teams["support"].calendar


def test_a_half_day_ends_early_and_the_rest_of_the_budget_comes_after_it() -> None:
    noon = datetime(2026, 12, 24, 10, tzinfo=UTC)  # 12:00 in Bucharest

    # One hour until 13:00, one on the holiday with hours of its own, the third on Monday from 09:00.
    assert due(noon, office(), timedelta(hours=3)) == datetime(2026, 12, 28, 8, tzinfo=UTC)
    assert due(noon, office(), timedelta(hours=2)) == datetime(2026, 12, 25, 7, tzinfo=UTC)


def test_a_working_saturday_counts_with_its_break() -> None:
    saturday = datetime(2026, 12, 19, tzinfo=UTC)

    assert worked(saturday, saturday + timedelta(days=1), office()) == timedelta(hours=3)
    assert not is_open(datetime(2026, 12, 19, 10, 30, tzinfo=UTC), office())  # 12:30
    assert worked(saturday - timedelta(days=7), saturday - timedelta(days=6), office()) == timedelta(0)


def test_a_special_date_without_hours_is_free() -> None:
    calendar = Calendar(special=((date(2026, 12, 24), ()),))

    assert worked(datetime(2026, 12, 23, 12, tzinfo=UTC), datetime(2026, 12, 25, 12, tzinfo=UTC), calendar) == timedelta(days=1)


def test_dates_with_own_hours_count_by_the_wall_clock_on_the_night_that_is_an_hour_longer() -> None:
    calendar = Calendar(zone="Europe/Bucharest", special=((date(2026, 10, 25), ((time(0), time(6)),)),))

    assert worked(datetime(2026, 10, 24, 21, tzinfo=UTC), datetime(2026, 10, 25, 22, tzinfo=UTC), calendar) == timedelta(hours=7)
