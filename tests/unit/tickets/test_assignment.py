"""Who gets a new ticket: by which way, fair by count, and nobody who is away."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta

import pytest

from mailbridge.organisation.assignment import asked_level, choose, turn
from mailbridge.organisation.model import Organisation, Team
from tests.unit.tickets.staffing import a_rota, a_team, an_agent, an_organisation, away, office, on

MORNING = on("2026-11-24T10:00")  # a Tuesday
NIGHT = on("2026-11-24T03:00")
MEMBERS = ("ana", "bob", "cid", "dan", "eva")
TICKETS = 10_000


def chosen(
    team: Team, organisation: Organisation, by: str, *, now: datetime = MORNING, last: str = "", skill: str = "", **load: int
) -> str:
    return choose(team, by, organisation, load=load, last=last, skill=skill, now=now)


def test_round_robin_takes_the_next_and_begins_again_after_the_last() -> None:
    team = a_team("ana", "bob", "cid")
    organisation = an_organisation(team)

    assert [chosen(team, organisation, "round-robin", last=last) for last in ("", "ana", "bob", "cid", "gone")] == [
        "ana", "bob", "cid", "ana", "ana",
    ]  # fmt: skip


def test_round_robin_goes_on_after_somebody_who_has_just_gone_away() -> None:
    team = a_team("ana", "bob", "cid")
    organisation = an_organisation(team, agents=[an_agent("bob", absences=(away("2026-11-24", "2026-11-24"),))])

    assert chosen(team, organisation, "round-robin", last="bob") == "cid"


def test_a_deputy_from_outside_gets_the_turns_of_the_one_who_is_away() -> None:
    team = a_team("ana", "bob", "cid")
    gone = an_agent("bob", absences=(away("2026-11-24", "2026-11-24", "max"),))
    organisation = an_organisation(team, agents=[gone, an_agent("max")])

    assert [chosen(team, organisation, "round-robin", last=last) for last in ("ana", "max")] == ["max", "cid"]


def test_least_loaded_takes_the_least_and_goes_round_among_equals() -> None:
    team = a_team("ana", "bob", "cid")
    organisation = an_organisation(team)

    assert chosen(team, organisation, "least-loaded", ana=2, bob=1, cid=2) == "bob"
    assert chosen(team, organisation, "least-loaded", last="ana") == "bob"
    assert chosen(team, organisation, "least-loaded", last="cid") == "ana"


@pytest.mark.parametrize(
    ("skill", "agent"), [("network", "ana"), ("network>=2", "bob"), ("network>=3", "cid"), ("network>=4", ""), ("ppp", "")]
)
def test_a_skill_may_ask_for_a_level(skill: str, agent: str) -> None:
    team = a_team("ana", "bob", "cid", "dan")
    organisation = an_organisation(
        team,
        agents=[
            an_agent("ana", skills=("network",)),
            an_agent("bob", skills=("network",), levels={"network": 2}),
            an_agent("cid", skills=("windows", "network"), levels={"network": 3}),
        ],
    )

    assert chosen(team, organisation, "skill", skill=skill) == agent


def test_a_deputy_without_the_skill_does_not_get_what_needs_it() -> None:
    team = a_team("ana", "bob")
    gone = an_agent("ana", skills=("network",), absences=(away("2026-11-24", "2026-11-24", "bob"),))

    assert chosen(team, an_organisation(team, agents=[gone]), "skill", skill="network") == ""


def test_by_rota_the_one_who_has_the_turn_gets_it_at_any_hour() -> None:
    team = a_team("ana", "bob", on_call=a_rota("bob", "ana", start="2026-11-23"), calendar=office())

    assert chosen(team, an_organisation(team), "on-duty", now=NIGHT, bob=99) == "bob"


def test_without_a_rota_on_duty_are_those_who_work_now_and_at_night_nobody() -> None:
    team = a_team("ana", "bob", calendar=office())
    organisation = an_organisation(team)

    assert chosen(team, organisation, "on-duty", ana=1) == "bob"
    assert chosen(team, organisation, "on-duty", now=NIGHT) == ""


def test_who_is_off_gets_nothing_while_a_colleague_works_and_at_night_the_turns_go_on() -> None:
    team = a_team("ana", "bob", calendar=office())
    organisation = an_organisation(team, agents=[an_agent("bob", calendar=office(opens=13))])

    assert [chosen(team, organisation, "round-robin", last=last) for last in ("", "ana")] == ["ana", "ana"]
    assert [chosen(team, organisation, "round-robin", last=last, now=NIGHT) for last in ("", "ana")] == ["ana", "bob"]


def test_follow_the_sun_takes_somebody_of_the_region_that_works() -> None:
    emea = a_team("eva", name="emea", calendar=office("Europe/Bucharest"))
    apac = a_team("kim", "lee", name="apac", calendar=office("Asia/Tokyo"))
    world = a_team("eva", "kim", "lee", name="world", follow=("emea", "apac"))
    organisation = an_organisation(emea, apac, world)

    assert chosen(world, organisation, "follow-the-sun") == "eva"
    assert chosen(world, organisation, "follow-the-sun", now=NIGHT, kim=1) == "lee"
    assert chosen(world, organisation, "round-robin", now=NIGHT, last="kim") == "lee"


def test_follow_the_sun_in_a_team_of_many_zones_takes_who_works_now() -> None:
    team = a_team("eva", "kim", calendar=office())
    organisation = an_organisation(team, agents=[an_agent("kim", zone="Asia/Tokyo")])

    assert [chosen(team, organisation, "follow-the-sun", now=now) for now in (MORNING, NIGHT)] == ["eva", "kim"]


@pytest.mark.parametrize("by", ["round-robin", "least-loaded", "skill", "on-duty", "follow-the-sun"])
def test_nobody_who_is_away_gets_anything(by: str) -> None:
    team = a_team("ana", "bob", calendar=office())
    gone = [an_agent(name, skills=("network",), absences=(away("2026-11-24", "2026-11-24"),)) for name in ("ana", "bob")]

    assert chosen(team, an_organisation(team, agents=gone), by, skill="network") == ""


def test_each_way_to_choose_remembers_its_own_turn() -> None:
    names = {turn("network", by, skill) for by, skill in [("round-robin", ""), ("least-loaded", ""), ("skill", "vpn"), ("skill", "vpn>=2")]}

    assert len(names) == 4


def test_a_level_stands_behind_the_skill() -> None:
    assert (asked_level("network"), asked_level("network>=2")) == (("network", 1), ("network", 2))


# Fair by count: 10,000 tickets come at random moments of a year, and are closed again at random.  The seed is in the failure's name.


def arrivals(chance: random.Random) -> list[datetime]:
    return sorted(MORNING + timedelta(minutes=chance.randrange(365 * 24 * 60)) for _ in range(TICKETS))


def dealt(by: str, team: Team, organisation: Organisation, chance: random.Random, *, closes: float, skill: str = "") -> Counter[str]:
    """How many of the tickets each agent got; after each, every open ticket is closed with that chance."""
    counts, load, last = Counter[str](), Counter[str](), ""
    open_tickets: list[str] = []
    for now in arrivals(chance):
        last = choose(team, by, organisation, load=load, last=last, skill=skill, now=now)
        counts[last] += 1
        load[last] += 1
        open_tickets.append(last)
        if chance.random() < closes:
            load[open_tickets.pop(chance.randrange(len(open_tickets)))] -= 1
    return counts


def spread(counts: Counter[str]) -> int:
    return max(counts.values()) - min(counts.values())


SEEDS = [1, 20261121, 987654321]


@pytest.mark.parametrize("seed", SEEDS)
def test_round_robin_deals_ten_thousand_tickets_to_within_one(seed: int) -> None:
    chance = random.Random(seed)
    team = a_team(*MEMBERS, calendar=office())

    counts = dealt("round-robin", team, an_organisation(team), chance, closes=0.9)

    assert set(counts) == set(MEMBERS)
    assert spread(counts) <= 1, counts


@pytest.mark.parametrize("seed", SEEDS)
def test_least_loaded_never_lets_open_tickets_differ_by_more_than_one_while_none_is_closed(seed: int) -> None:
    chance = random.Random(seed)
    team = a_team(*MEMBERS, calendar=office())

    assert spread(dealt("least-loaded", team, an_organisation(team), chance, closes=0.0)) <= 1


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("by", ["least-loaded", "follow-the-sun"])
def test_ways_that_look_at_the_load_stay_near_an_even_share_while_tickets_are_closed(seed: int, by: str) -> None:
    """Tickets that are closed at random leave the loads uneven, and who has less gets more: bounded, not exact."""
    chance = random.Random(seed)
    team = a_team(*MEMBERS)

    counts = dealt(by, team, an_organisation(team), chance, closes=0.95)

    assert spread(counts) <= 0.15 * TICKETS / len(MEMBERS), counts


@pytest.mark.parametrize("seed", SEEDS)
def test_tickets_that_are_closed_at_once_go_round_too(seed: int) -> None:
    """With nothing open the loads are always equal: without turns the first of the list would get all 10,000."""
    team = a_team(*MEMBERS)

    assert spread(dealt("least-loaded", team, an_organisation(team), random.Random(seed), closes=1.0)) <= 1


@pytest.mark.parametrize("seed", SEEDS)
def test_by_skill_those_who_have_it_share_it(seed: int) -> None:
    chance = random.Random(seed)
    skilled = [an_agent(name, skills=("network",), levels={"network": 3}) for name in ("bob", "dan", "eva")]
    team = a_team(*MEMBERS)

    counts = dealt("skill", team, an_organisation(team, agents=skilled), chance, closes=0.95, skill="network>=2")

    assert set(counts) == {"bob", "dan", "eva"}
    assert spread(counts) <= 0.15 * TICKETS / 3, counts


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rota_shares_by_time_so_tickets_that_come_evenly_are_shared_too(seed: int) -> None:
    chance = random.Random(seed)
    team = a_team("ana", "bob", on_call=a_rota("ana", "bob", days=1))

    counts = dealt("on-duty", team, an_organisation(team), chance, closes=0.9)

    assert spread(counts) <= TICKETS / 20, counts


@pytest.mark.parametrize("seed", SEEDS)
def test_absences_that_come_and_go_leave_the_others_equal(seed: int) -> None:
    """Two are away for their own weeks; whoever was there all year has the same as each other, to within one for each change."""
    chance = random.Random(seed)
    gone = [an_agent("bob", absences=(away("2026-12-01", "2027-01-15"),)), an_agent("eva", absences=(away("2027-03-01", "2027-06-30"),))]
    team = a_team(*MEMBERS)

    counts = dealt("round-robin", team, an_organisation(team, agents=gone), chance, closes=0.9)

    assert spread(Counter({name: counts[name] for name in ("ana", "cid", "dan")})) <= 4, counts
    assert counts["eva"] < counts["bob"] < counts["ana"]
