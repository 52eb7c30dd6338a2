"""Who is there, by each agent's own clock, and who sits on the place of somebody who is not."""

from __future__ import annotations

import pytest

from mailbridge.organisation.availability import is_at_work, is_there, slots, stand_in
from mailbridge.organisation.model import Agent
from tests.unit.tickets.staffing import a_team, an_agent, an_organisation, away, office, on


@pytest.mark.parametrize(
    ("at", "there"),
    [("2026-12-20T23:59", True), ("2026-12-21T00:00", False), ("2026-12-24T23:59", False), ("2026-12-25T00:00", True)],
)
def test_the_first_and_the_last_day_of_an_absence_belong_to_it(at: str, there: bool) -> None:
    team = a_team("eva", calendar=office())
    organisation = an_organisation(team, agents=[an_agent("eva", absences=(away("2026-12-21", "2026-12-24"),))])

    assert is_there("eva", team, organisation, on(at)) is there


def test_an_absence_begins_at_midnight_of_the_agents_own_zone() -> None:
    team = a_team("kim", calendar=office("Europe/Bucharest"))
    kim = an_agent("kim", zone="Asia/Tokyo", absences=(away("2026-12-21", "2026-12-21"),))
    organisation = an_organisation(team, agents=[kim])

    assert not is_there("kim", team, organisation, on("2026-12-21T00:00", "Asia/Tokyo"))  # still the 20th in Bucharest
    assert is_there("kim", team, organisation, on("2026-12-22T00:00", "Asia/Tokyo"))


def test_own_hours_win_over_the_teams_and_are_read_on_the_agents_own_clock() -> None:
    team = a_team("usual", "early", "abroad", calendar=office())
    early = an_agent("early", calendar=office(opens=6, closes=12))
    organisation = an_organisation(team, agents=[early, an_agent("abroad", zone="Europe/Lisbon")])

    def who(at: str) -> list[str]:
        return [name for name in team.members if is_at_work(name, team, organisation, on(at))]

    assert who("2026-11-23T07:00") == ["early"]
    assert who("2026-11-23T10:00") == ["usual", "early"]  # 08:00 in Lisbon
    assert who("2026-11-23T18:30") == ["abroad"]  # 16:30 in Lisbon


@pytest.mark.parametrize(
    ("agents", "stands_in"),
    [
        ([an_agent("eva")], "eva"),
        ([an_agent("eva", absences=(away("2026-12-01", "2026-12-31", "dan"),))], "dan"),
        ([an_agent("eva", absences=(away("2026-12-01", "2026-12-31"),))], ""),
        ([an_agent("eva", active=False)], ""),
        ([an_agent("eva", absences=(away("2026-12-01", "2026-12-31", "dan"),)), an_agent("dan", active=False)], ""),
        (
            [
                an_agent("eva", absences=(away("2026-12-01", "2026-12-31", "dan"),)),
                an_agent("dan", absences=(away("2026-12-01", "2026-12-31", "zoe"),)),
            ],
            "zoe",
        ),
        (
            [
                an_agent("eva", absences=(away("2026-12-01", "2026-12-31", "dan"),)),
                an_agent("dan", absences=(away("2026-12-01", "2026-12-31", "eva"),)),
            ],
            "",
        ),
    ],
    ids=["there", "deputy", "no deputy", "left", "deputy left", "deputy of the deputy", "each other's deputy"],
)
def test_deputies_are_asked_one_after_the_other(agents: list[Agent], stands_in: str) -> None:
    team = a_team("eva", "dan", "zoe")

    assert stand_in("eva", team, an_organisation(team, agents=agents), on("2026-12-10T12:00")) == stands_in


def test_a_deputy_from_outside_sits_on_the_place_and_one_from_inside_keeps_the_own() -> None:
    team = a_team("eva", "dan", "zoe", "kim")
    gone = {"eva": "max", "dan": "zoe", "kim": "max"}
    agents = [an_agent(name, absences=(away("2026-12-01", "2026-12-31", deputy),)) for name, deputy in gone.items()]
    organisation = an_organisation(team, agents=[*agents, an_agent("max")])

    sitting = [(slot.member, slot.agent) for slot in slots(team, organisation, on("2026-12-10T12:00"))]

    assert sitting == [("eva", "max"), ("zoe", "zoe")]
