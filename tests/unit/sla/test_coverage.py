"""Hours of a team around the clock in which nobody works, against a look at every quarter of an hour."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from mailbridge.organisation.availability import is_at_work, slots
from mailbridge.organisation.coverage import gaps, is_round_the_clock
from mailbridge.organisation.model import Agent, Organisation, Team
from mailbridge.organisation.on_call import on_duty
from mailbridge.organisation.people import Absence, OnCallSchedule
from mailbridge.sla.calendar import Calendar
from mailbridge.sla.closed_times import ClosedTimes, without

MONDAY = datetime(2026, 10, 19, tzinfo=UTC)  # the clocks of Europe go back on the Sunday after
DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)


def shift(name: str, opens: int, closes: int, days: range = range(7), zone: str = "UTC") -> Calendar:
    end = time.max if closes == 24 else time(closes)
    return Calendar(name=name, zone=zone, hours=tuple(((time(opens), end),) if day in days else () for day in range(7)))


def desk(*agents: Agent, **of_team: object) -> tuple[Team, Organisation]:
    team = Team(name="noc", title="NOC", members=tuple(agent.name for agent in agents), **of_team)  # type: ignore[arg-type]
    return team, Organisation(teams={"noc": team}, agents={agent.name: agent for agent in agents}, default_team="noc")


def agent(name: str, calendar: Calendar | None = None, absences: tuple[Absence, ...] = ()) -> Agent:
    return Agent(name=name, title=name, address=f"{name}@desk.test", calendar=calendar, absences=absences)


def test_the_hours_between_the_shifts_are_gaps() -> None:
    team, organisation = desk(agent("early", shift("early", 6, 14)), agent("late", shift("late", 14, 22)))

    found = gaps(team, organisation, MONDAY, MONDAY + 2 * DAY)

    assert [(gap.begins, gap.ends) for gap in found] == [
        (MONDAY, MONDAY + timedelta(hours=6)),
        (MONDAY + timedelta(hours=22), MONDAY + DAY + timedelta(hours=6)),
        (MONDAY + DAY + timedelta(hours=22), MONDAY + 2 * DAY),
    ]


def test_an_absence_is_a_gap_unless_a_deputy_works() -> None:
    away = (Absence(first=date(2026, 10, 20), last=date(2026, 10, 20), deputy="two"),)
    team, organisation = desk(agent("one", absences=away))
    assert [gap.length for gap in gaps(team, organisation, MONDAY, MONDAY + 3 * DAY)] == [DAY]

    organisation = Organisation(teams=organisation.teams, agents={**organisation.agents, "two": agent("two", shift("d", 8, 24))})
    assert [gap.length for gap in gaps(team, organisation, MONDAY, MONDAY + 3 * DAY)] == [timedelta(hours=8)]


def test_closed_times_of_an_agents_feed_are_gaps_of_a_team_around_the_clock() -> None:
    feed = ClosedTimes(
        days=frozenset({date(2026, 10, 20)}),
        spans=frozenset({(MONDAY + 2 * DAY + timedelta(hours=8), MONDAY + 2 * DAY + timedelta(hours=10))}),
    )
    team, organisation = desk(agent("one", without(shift("one", 0, 24), [feed])))
    assert [(gap.begins, gap.length) for gap in gaps(team, organisation, MONDAY, MONDAY + 4 * DAY)] == [
        (MONDAY + DAY, DAY),
        (MONDAY + 2 * DAY + timedelta(hours=8), timedelta(hours=2)),
    ]


def test_who_is_on_duty_covers_the_night_and_a_team_with_hours_has_no_gaps() -> None:
    people = (agent("one", shift("office", 9, 17)), agent("two", shift("office", 9, 17)))
    rota = OnCallSchedule(agents=("one", "two"), start=date(2026, 10, 20))
    team, organisation = desk(*people, on_call=rota)
    found = gaps(team, organisation, MONDAY, MONDAY + 7 * DAY)
    assert [(gap.begins, gap.ends) for gap in found] == [
        (MONDAY, MONDAY + timedelta(hours=9)),
        (MONDAY + timedelta(hours=17), MONDAY + DAY + timedelta(hours=9)),  # the rota begins at nine
    ]

    team, organisation = desk(*people, calendar=shift("office", 9, 17))
    assert not is_round_the_clock(team)
    assert gaps(team, organisation, MONDAY, MONDAY + 7 * DAY) == ()


def test_regions_cover_the_team_that_is_made_of_them() -> None:
    west = Team(name="west", title="West", members=("one",), calendar=shift("w", 0, 12))
    east = Team(name="east", title="East", members=("two",), calendar=shift("e", 12, 20))
    world = Team(name="world", title="World", follow=("west", "east"))
    organisation = Organisation(
        teams={team.name: team for team in (west, east, world)}, agents={"one": agent("one"), "two": agent("two")}
    )

    assert [gap.length for gap in gaps(world, organisation, MONDAY, MONDAY + DAY)] == [timedelta(hours=4)]


SHIFTS = st.builds(
    shift,
    st.just("x"),
    st.integers(0, 11),
    st.integers(12, 24),
    st.sampled_from([range(7), range(5), range(5, 7)]),
    st.sampled_from(["UTC", "Europe/Bucharest", "Asia/Kathmandu", "Australia/Lord_Howe"]),
)
ABSENCES = st.integers(0, 9).map(lambda first: (Absence(first=date(2026, 10, 19) + first * DAY, last=date(2026, 10, 20) + first * DAY),))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(SHIFTS, ABSENCES | st.just(())), min_size=1, max_size=3), st.booleans())
def test_the_gaps_are_those_of_a_look_at_every_quarter(people: list[tuple[Calendar, tuple[Absence, ...]]], on_call: bool) -> None:
    agents = [agent(f"a{number}", calendar, absences) for number, (calendar, absences) in enumerate(people)]
    rota = OnCallSchedule(agents=("a0",), start=date(2026, 10, 22)) if on_call else None
    team, organisation = desk(*agents, on_call=rota)
    end = MONDAY + 8 * DAY

    found = gaps(team, organisation, MONDAY, end)

    at = MONDAY
    while at < end:
        working = any(is_at_work(slot.agent, team, organisation, at) for slot in slots(team, organisation, at))
        uncovered = not working and not on_duty(team, organisation, at)
        assert any(gap.begins <= at < gap.ends for gap in found) is uncovered, at
        at += QUARTER
