"""Turns, swaps and stand-ins of an on-duty rota."""

from __future__ import annotations

from datetime import date, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.organisation.on_call import begins, day_of, on_duty, shifts
from mailbridge.organisation.people import OnCallSchedule, Swap
from tests.unit.tickets.staffing import a_rota, a_team, an_agent, an_organisation, away, office, on


def who(rota: OnCallSchedule, at: str, *agents: object) -> str:
    team = a_team("eva", "dan", "zoe", on_call=rota, calendar=office())
    return on_duty(team, an_organisation(team, agents=agents), on(at))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("at", "agent"),
    [
        ("2026-11-02T08:59", ""),
        ("2026-11-02T09:00", "eva"),
        ("2026-11-09T08:59", "eva"),
        ("2026-11-09T09:00", "dan"),
        ("2026-11-16T09:00", "zoe"),
        ("2026-11-23T09:00", "eva"),
        ("2027-11-01T09:00", "dan"),  # 52 weeks on: 17 rounds of three and one turn more
    ],
)
def test_turns_go_round_and_change_at_their_hour(at: str, agent: str) -> None:
    assert who(a_rota("eva", "dan", "zoe"), at) == agent


def test_a_turn_may_be_any_number_of_days() -> None:
    days = [who(a_rota("eva", "dan", days=2), f"2026-11-{day:02d}T12:00") for day in range(2, 8)]

    assert days == ["eva", "eva", "dan", "dan", "eva", "eva"]


def test_a_swap_holds_from_the_change_of_its_first_day_to_the_change_after_its_last() -> None:
    rota = a_rota("eva", "dan", swaps=(Swap(first=date(2026, 11, 4), last=date(2026, 11, 5), agent="zoe"),))

    assert [who(rota, f"2026-11-{moment}") for moment in ("04T08:59", "04T09:00", "06T08:59", "06T09:00")] == ["eva", "zoe", "zoe", "eva"]


def test_who_is_away_is_stood_in_for_by_the_deputy_else_by_the_next_of_the_rotation() -> None:
    rota = a_rota("eva", "dan")
    with_deputy = an_agent("eva", absences=(away("2026-11-03", "2026-11-05", "zoe"),))
    without = an_agent("eva", absences=(away("2026-11-03", "2026-11-05"),))

    assert who(rota, "2026-11-04T12:00", with_deputy) == "zoe"
    assert who(rota, "2026-11-04T12:00", without) == "dan"
    assert who(rota, "2026-11-06T12:00", without) == "eva"


def test_nobody_is_on_duty_where_nobody_of_the_rota_is_there() -> None:
    gone = [an_agent(name, absences=(away("2026-11-03", "2026-11-05"),)) for name in ("eva", "dan")]

    assert who(a_rota("eva", "dan"), "2026-11-04T12:00", *gone) == ""


def test_somebody_of_a_swap_who_is_away_is_followed_by_the_one_whose_turn_comes_next() -> None:
    rota = a_rota("eva", "dan", swaps=(Swap(first=date(2026, 11, 2), last=date(2026, 11, 8), agent="zoe"),))

    assert who(rota, "2026-11-04T12:00", an_agent("zoe", active=False)) == "dan"


def test_the_night_on_which_the_clock_goes_back_changes_nobodys_turn_back() -> None:
    """On 2026-10-25 in Bucharest 04:00 becomes 03:00: the hour of change at 03:30 comes twice, and the first one counts."""
    rota = a_rota("eva", "dan", start="2026-10-18", change=time(3, 30))
    before = begins(date(2026, 10, 25), rota)

    assert [day_of(before + timedelta(minutes=m), rota).day for m in (-1, 0, 29, 30, 59, 60, 120)] == [24, 25, 25, 25, 25, 25, 25]


def test_the_night_on_which_the_hour_of_change_is_skipped_still_changes() -> None:
    """On 2027-03-28 in Bucharest there is no 03:30; the turn begins when it would have been, which the clock calls 04:30."""
    rota = a_rota("eva", start="2027-03-01", change=time(3, 30))

    assert begins(date(2027, 3, 28), rota) == on("2027-03-28T04:30")


def test_the_list_of_turns_shows_who_does_it_and_whose_turn_it_was() -> None:
    rota = a_rota("eva", "dan", swaps=(Swap(first=date(2026, 11, 11), last=date(2026, 11, 11), agent="eva"),))
    team = a_team("eva", "dan", "zoe", on_call=rota, calendar=office())
    organisation = an_organisation(team, agents=[an_agent("eva", absences=(away("2026-11-04", "2026-11-05", "zoe"),))])

    listed = shifts(team, organisation, on("2026-11-02T09:00"), on("2026-11-16T09:00"))

    assert [(turn.begins, turn.agent, turn.named, turn.swapped) for turn in listed] == [
        (on("2026-11-02T09:00"), "eva", "eva", False),
        (on("2026-11-04T00:00"), "zoe", "eva", False),
        (on("2026-11-06T00:00"), "eva", "eva", False),
        (on("2026-11-09T09:00"), "dan", "dan", False),
        (on("2026-11-11T09:00"), "eva", "eva", True),
        (on("2026-11-12T09:00"), "dan", "dan", False),
    ]


@given(
    days=st.integers(1, 20),
    change=st.times().map(lambda moment: moment.replace(second=0, microsecond=0)),
    zone=st.sampled_from(["UTC", "Europe/Bucharest", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    offset=st.integers(0, 400 * 24 * 60),
)
def test_turns_fill_the_time_and_each_says_who_is_on_duty_in_it(days: int, change: time, zone: str, offset: int) -> None:
    rota = a_rota("eva", "dan", "zoe", days=days, change=change, zone=zone)
    gone = an_agent("dan", zone="Pacific/Auckland", absences=(away("2026-12-01", "2027-02-01"),))
    team = a_team("eva", "dan", "zoe", on_call=rota)
    organisation = an_organisation(team, agents=[gone])
    start = on("2026-11-04T00:00") + timedelta(minutes=offset)

    listed = shifts(team, organisation, start, start + timedelta(days=30))

    assert (listed[0].begins, listed[-1].ends) == (start, start + timedelta(days=30))
    assert all(earlier.ends == later.begins for earlier, later in pairwise(listed))
    for turn in listed:
        for moment in (turn.begins, turn.begins + (turn.ends - turn.begins) / 2, turn.ends - timedelta(seconds=1)):
            assert on_duty(team, organisation, moment) == turn.agent
        assert turn.agent in rota.agents
