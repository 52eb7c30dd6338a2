"""Follow the sun: who has a ticket at which hour, and when it goes on."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.organisation.follow_the_sun import region_of, shift_end
from mailbridge.organisation.model import Organisation
from mailbridge.sla.calendar import Calendar
from mailbridge.tickets.deadlines import hands_over_at
from mailbridge.tickets.model import FOLLOW, Ticket
from tests.builders import a_ticket
from tests.unit.tickets.staffing import a_team, an_organisation, office, on

EVERY_DAY = range(7)


def a_world(days: range = EVERY_DAY) -> Organisation:
    """Three regions, in UTC: emea 07-15, americas 15-23, apac 23-07."""
    night = Calendar(zone="UTC", hours=(((time(0), time(7)), (time(23), time.max)),) * 7)
    return an_organisation(
        a_team("kim", name="apac", calendar=night),
        a_team("eva", name="emea", calendar=office("UTC", 7, 15, days)),
        a_team("joe", name="americas", calendar=office("UTC", 15, 23, days)),
        a_team("eva", "joe", "kim", name="world", follow=("emea", "americas", "apac")),
        a_team("bob", name="billing"),
    )


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def handed(team: str, **different: object) -> Ticket:
    return a_ticket(team=team, fields=((FOLLOW, "world"),), **different)


@pytest.mark.parametrize(
    ("at", "region"), [("06:59", "apac"), ("07:00", "emea"), ("14:59", "emea"), ("15:00", "americas"), ("23:00", "apac"), ("00:30", "apac")]
)
def test_the_region_whose_hours_are_open_gets_the_ticket(at: str, region: str) -> None:
    world = a_world()

    assert region_of(world.teams["world"], world, utc(f"2026-11-24T{at}")).name == region


def test_a_team_of_its_own_keeps_its_tickets() -> None:
    world = a_world()

    assert region_of(world.teams["billing"], world, utc("2026-11-24T03:00")).name == "billing"


def test_where_nobody_works_the_region_that_opens_next_gets_it() -> None:
    emea = a_team("eva", name="emea", calendar=office("UTC", 7, 15))
    americas = a_team("joe", name="americas", calendar=office("UTC", 14, 22))
    weekdays = an_organisation(emea, americas, a_team("eva", "joe", name="world", follow=("americas", "emea")))

    assert region_of(weekdays.teams["world"], weekdays, utc("2026-11-28T12:00")).name == "emea"  # a Saturday


def test_of_two_that_work_the_first_named_gets_it() -> None:
    emea = a_team("eva", name="emea", calendar=office("UTC", 7, 15))
    americas = a_team("joe", name="americas", calendar=office("UTC", 14, 22))
    overlapping = an_organisation(emea, americas, a_team("eva", "joe", name="world", follow=("emea", "americas")))

    assert region_of(overlapping.teams["world"], overlapping, utc("2026-11-24T14:30")).name == "emea"


@pytest.mark.parametrize(
    ("team", "now", "at"),
    [
        ("emea", "2026-11-24T10:00", "2026-11-24T15:00"),
        ("americas", "2026-11-24T15:00", "2026-11-24T23:00"),
        ("apac", "2026-11-24T23:00", "2026-11-25T07:00"),
        ("apac", "2026-11-24T12:00", "2026-11-24T12:00"),  # moved there by hand while it sleeps: whoever is awake gets it
    ],
)
def test_a_ticket_is_handed_over_at_the_end_of_the_regions_day(team: str, now: str, at: str) -> None:
    assert hands_over_at(handed(team), a_world(), utc(now)) == utc(at)


def test_a_ticket_waits_for_the_region_that_opens_next_and_stays_where_that_is_its_own() -> None:
    """Friday 23:00: apac works on Saturdays too, the others only on weekdays, and from Sunday to Monday there is apac again."""
    world = a_world(range(5))

    assert hands_over_at(handed("americas"), world, utc("2026-11-27T20:00")) == utc("2026-11-27T23:00")
    assert hands_over_at(handed("apac"), world, utc("2026-11-28T03:00")) == utc("2026-11-30T07:00")


@pytest.mark.parametrize(
    "ticket",
    [
        a_ticket(team="emea"),
        a_ticket(team="billing", fields=((FOLLOW, "world"),)),
        a_ticket(team="emea", fields=((FOLLOW, "gone"),)),
        handed("emea", closed_at=utc("2026-11-24T09:00")),
    ],
    ids=["came to the region itself", "moved out", "team is gone", "closed"],
)
def test_other_tickets_stay(ticket: Ticket) -> None:
    assert hands_over_at(ticket, a_world(), utc("2026-11-24T10:00")) is None


def test_a_region_that_never_closes_hands_nothing_over() -> None:
    always = an_organisation(
        a_team("eva", name="emea"), a_team("joe", name="americas", calendar=office("UTC")),
        a_team(name="world", follow=("emea", "americas")),
    )  # fmt: skip

    assert hands_over_at(handed("emea"), always, utc("2026-11-24T10:00")) is None


def test_regions_without_any_working_time_keep_what_they_have() -> None:
    never = Calendar(hours=((),) * 7)
    dead = an_organisation(
        a_team("eva", name="emea", calendar=never), a_team("joe", name="americas", calendar=never),
        a_team(name="world", follow=("emea", "americas")),
    )  # fmt: skip

    assert hands_over_at(handed("emea"), dead, utc("2026-11-24T10:00")) is None
    assert region_of(dead.teams["world"], dead, utc("2026-11-24T10:00")).name == "emea"


def test_a_break_at_noon_is_no_end_of_the_day_and_a_long_one_is() -> None:
    split = Calendar(zone="UTC", hours=(((time(8), time(12)), (time(13), time(17))),) * 7)
    siesta = Calendar(zone="UTC", hours=(((time(8), time(12)), (time(16), time(20))),) * 7)

    assert shift_end(split, utc("2026-11-24T12:30")) == utc("2026-11-24T17:00")
    assert shift_end(split, utc("2026-11-24T08:00")) == utc("2026-11-24T17:00")
    assert shift_end(siesta, utc("2026-11-24T11:00")) == utc("2026-11-24T12:00")
    assert shift_end(siesta, utc("2026-11-24T12:30")) is None


def test_a_shift_over_midnight_is_one() -> None:
    night = Calendar(zone="UTC", hours=(((time(0), time(7)), (time(23), time.max)),) * 7)

    assert shift_end(night, utc("2026-11-24T23:30")) == utc("2026-11-25T07:00")


@given(
    hours=st.lists(st.tuples(st.integers(0, 22), st.integers(1, 12)), min_size=2, max_size=4),
    zones=st.lists(st.sampled_from(["UTC", "America/New_York", "Asia/Tokyo", "Europe/Bucharest"]), min_size=4, max_size=4),
    offset=st.integers(0, 400 * 24 * 60),
)
def test_after_a_hand_over_the_ticket_is_with_somebody_who_works(hours: list[tuple[int, int]], zones: list[str], offset: int) -> None:
    regions = [
        a_team(f"a{n}", name=f"r{n}", calendar=office(zone, opens, min(23, opens + long)))
        for n, ((opens, long), zone) in enumerate(zip(hours, zones, strict=False))
    ]
    world = an_organisation(*regions, a_team(name="world", follow=tuple(region.name for region in regions)))
    now = on("2026-11-02T00:00") + timedelta(minutes=offset)
    ticket = handed(region_of(world.teams["world"], world, now).name)
    for _ in range(10):
        at = hands_over_at(ticket, world, now)
        if at is None:
            return
        after = region_of(world.teams["world"], world, at)
        assert at >= now
        assert after.name != ticket.team
        assert shift_end(after.calendar, at) is not None
        assert shift_end(world.teams[ticket.team].calendar, at) is None
        ticket, now = handed(after.name), at
