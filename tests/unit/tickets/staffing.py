"""Builders of teams with hours, absences, rotas and regions, shared by the tests of who works when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from mailbridge.organisation.model import Agent, Organisation, Team
from mailbridge.organisation.people import Absence, OnCallSchedule
from mailbridge.sla.calendar import Calendar


def an_agent(name: str, **different: Any) -> Agent:
    return Agent(name=name, title=name.title(), address=f"{name}@desk.test", **different)


def away(first: str, last: str, deputy: str = "") -> Absence:
    return Absence(first=date.fromisoformat(first), last=date.fromisoformat(last), deputy=deputy)


def office(zone: str = "Europe/Bucharest", opens: int = 9, closes: int = 17, days: Iterable[int] = range(5)) -> Calendar:
    hours = tuple(((time(opens), time(closes)),) if day in set(days) else () for day in range(7))
    return Calendar(name="office", zone=zone, hours=hours)


def a_team(*members: str, name: str = "network", **different: Any) -> Team:
    return Team(name=name, title=name.title(), members=members, **different)


def an_organisation(*teams: Team, agents: Iterable[Agent] = ()) -> Organisation:
    """The teams with an agent for each member; `agents` are those who differ."""
    known = {agent.name: agent for agent in agents}
    names = dict.fromkeys(name for team in teams for name in team.members)
    everybody = {name: an_agent(name) for name in names if name not in known} | known
    return Organisation(teams={team.name: team for team in teams}, agents=everybody, default_team=teams[0].name)


def a_rota(*agents: str, start: str = "2026-11-02", **different: Any) -> OnCallSchedule:
    return OnCallSchedule(agents=agents, start=date.fromisoformat(start), **{"zone": "Europe/Bucharest", **different})


def on(text: str, zone: str = "Europe/Bucharest") -> datetime:
    """The moment at which the wall clock of the zone shows this."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
