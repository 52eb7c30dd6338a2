"""Availability: working hours and absences by each agent's local time, and the deputies.  Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time

from mailbridge.organisation.model import Agent, Organisation, Team
from mailbridge.organisation.people import Absence
from mailbridge.sla.calendar import Calendar, is_open, local
from mailbridge.sla.zones import moment_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A member's place in a team, and the agent on it now: the member or a deputy."""

    member: str
    agent: str


def calendar_of(agent: Agent, team: Team) -> Calendar:
    """The working hours of the agent for the team: the agent's own, else the team's, in the agent's zone."""
    calendar = agent.calendar or team.calendar
    return replace(calendar, zone=agent.zone) if agent.zone else calendar


def absence_of(agent: Agent, team: Team, at: datetime) -> Absence | None:
    """The absence at that moment."""
    if not agent.absences:
        return None
    day = local(at, calendar_of(agent, team)).date()
    return next((absence for absence in agent.absences if absence.first <= day <= absence.last), None)


def is_there(name: str, team: Team, organisation: Organisation, at: datetime) -> bool:
    """Whether this is an active agent who is not away.  Nights and weekends are no absence."""
    agent = organisation.agents.get(name)
    return agent is not None and agent.active and absence_of(agent, team, at) is None


def is_at_work(name: str, team: Team, organisation: Organisation, at: datetime) -> bool:
    """Whether the agent is available and works at this hour."""
    return is_there(name, team, organisation, at) and is_open(at, calendar_of(organisation.agents[name], team))


def stand_in(name: str, team: Team, organisation: Organisation, at: datetime) -> str:
    """The agent, or where they are away their deputy, or the deputy's deputy; '' where nobody is named who is there."""
    asked: set[str] = set()
    while name not in asked and not is_there(name, team, organisation, at):
        asked.add(name)
        agent = organisation.agents.get(name)
        absence = absence_of(agent, team, at) if agent else None
        if absence is None or not absence.deputy:
            return ""
        name = absence.deputy
    return "" if name in asked else name


def slots(team: Team, organisation: Organisation, at: datetime) -> tuple[Slot, ...]:
    """The places of the team that somebody sits on, in the order of its members.

    A deputy who has an own place sits on that one alone: whoever does two people's work is not given two people's share of new work.
    """
    taken = set[str]()
    found: list[Slot] = []
    there = {name for name in team.members if is_there(name, team, organisation, at)}
    for member in team.members:
        agent = member if member in there else stand_in(member, team, organisation, at)
        if agent and agent not in taken and (agent == member or agent not in there):
            taken.add(agent)
            found.append(Slot(member=member, agent=agent))
    return tuple(found)


def zone_of(me: str, organisation: Organisation) -> str:
    """Whose wall clock the agent's days and hours go by: their own, that of their hours, that of their first team."""
    agent = organisation.agents.get(me)
    teams = [organisation.teams[name].calendar.zone for name in organisation.teams_of(me)]
    own = [agent.zone, agent.calendar.zone if agent.calendar else ""] if agent else []
    return next((zone for zone in (*own, *teams) if zone), "UTC")


def midnight(day: date, zone: str) -> datetime:
    """The moment, in UTC, at which this day begins by the clock of the zone."""
    return moment_of(day, time.min, zone)
