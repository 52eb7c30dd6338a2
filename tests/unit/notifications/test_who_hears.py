"""Who hears of a ticket while people are away, off or on duty."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from mailbridge.notifications.recipients import Recipient, managers, named, responsible, whole_team
from mailbridge.organisation.model import Organisation, Team, TeamAudience
from mailbridge.organisation.people import Absence
from tests.builders import a_ticket
from tests.unit.tickets.staffing import a_rota, a_team, an_agent, an_organisation, away, office, on

NOON = on("2026-11-24T12:00")
GONE: tuple[Absence, ...] = (away("2026-11-24", "2026-11-30"),)
WITH_DEPUTY: tuple[Absence, ...] = (away("2026-11-24", "2026-11-30", "max"),)


def told(team: Team, at: datetime | None = NOON, *agents: Any) -> list[str]:
    return names(whole_team(team, an_organisation(team, agents=(*agents, an_agent("max"))), at))


def names(recipients: tuple[Recipient, ...]) -> list[str]:
    return [recipient.address.partition("@")[0] for recipient in recipients]


def test_who_is_away_is_left_out_and_the_deputy_hears_instead() -> None:
    team = a_team("eva", "dan", "zoe")
    agents = (an_agent("eva", absences=WITH_DEPUTY), an_agent("dan", absences=GONE))

    assert told(team, NOON, *agents) == ["max", "zoe"]
    assert told(team, on("2026-11-23T12:00"), *agents) == ["eva", "dan", "zoe"]


def test_a_team_hears_even_where_everybody_is_away() -> None:
    assert told(a_team("eva", "dan"), NOON, an_agent("eva", absences=GONE), an_agent("dan", absences=GONE)) == ["eva", "dan"]


def test_a_group_address_is_told_whoever_is_away() -> None:
    assert told(a_team("eva", address="noc@desk.test"), NOON, an_agent("eva", absences=GONE)) == ["noc"]


@pytest.mark.parametrize(
    ("at", "heard"),
    [("2026-11-24T12:00", ["eva", "dan"]), ("2026-11-24T18:00", ["dan"]), ("2026-11-24T03:00", ["eva", "dan", "zoe"])],
    ids=["at noon", "in the evening", "at night"],
)
def test_on_duty_without_a_rota_are_told_those_who_work_then(at: str, heard: list[str]) -> None:
    team = a_team("eva", "dan", "zoe", told=TeamAudience.ON_DUTY, calendar=office())

    assert told(team, on(at), an_agent("dan", calendar=office(closes=20)), an_agent("zoe", calendar=office(days=[6]))) == heard


def test_on_duty_with_a_rota_is_told_who_has_the_turn() -> None:
    team = a_team("eva", "dan", told=TeamAudience.ON_DUTY, on_call=a_rota("eva", "dan", start="2026-11-23"), calendar=office())

    assert told(team, on("2026-11-24T03:00")) == ["eva"]
    assert told(team, on("2026-11-24T03:00"), an_agent("eva", absences=WITH_DEPUTY)) == ["max"]


def test_a_team_of_regions_is_the_region_that_is_on() -> None:
    emea, apac = a_team("eva", name="emea", calendar=office()), a_team("kim", name="apac", calendar=office("Asia/Tokyo"))
    world = a_team("eva", "kim", name="world", follow=("emea", "apac"))
    organisation = an_organisation(world, emea, apac)

    assert names(whole_team(world, organisation, NOON)) == ["eva"]
    assert names(named(("world",), organisation, on("2026-11-24T03:00"))) == ["kim"]


def a_desk(*agents: Any, **different: Any) -> Organisation:
    everybody = (an_agent("boss", manager=True), an_agent("max"), *agents)
    return an_organisation(a_team("eva", "dan", name="support", **different), agents=everybody)


def test_news_of_a_ticket_goes_to_its_agent_to_the_deputy_or_to_the_team() -> None:
    ticket = a_ticket(assignee="eva")

    assert names(responsible(ticket, a_desk(), NOON)) == ["eva"]
    assert names(responsible(ticket, a_desk(an_agent("eva", absences=WITH_DEPUTY)), NOON)) == ["max"]
    assert names(responsible(ticket, a_desk(an_agent("eva", absences=GONE)), NOON)) == ["dan"]


def test_alerts_go_to_managers_who_are_there_else_to_the_desks_else_to_the_team() -> None:
    ticket = a_ticket()
    away_both = (an_agent("eva", absences=GONE), an_agent("boss", manager=True, absences=GONE))

    assert names(managers(ticket, a_desk(managers=("eva",)), NOON)) == ["eva"]
    assert names(managers(ticket, a_desk(an_agent("eva", absences=WITH_DEPUTY), managers=("eva",)), NOON)) == ["max"]
    assert names(managers(ticket, a_desk(an_agent("eva", absences=GONE), managers=("eva",)), NOON)) == ["boss"]
    everybody_away = an_organisation(a_team("eva", "dan", name="support", managers=("eva",)), agents=away_both)
    assert names(managers(ticket, everybody_away, NOON)) == ["dan"]


def test_whom_a_rule_names_is_stood_in_for_too() -> None:
    organisation = a_desk(an_agent("eva", absences=WITH_DEPUTY))

    assert names(named(("eva", "support", "x@other.test", "gone"), organisation, NOON)) == ["max", "max", "dan", "x"]
