"""What `mailbridge rota` shows: each member of a team with where they are at a moment, until when and why.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from mailbridge.errors import Permanent
from mailbridge.organisation.availability import absence_of, calendar_of, stand_in
from mailbridge.organisation.model import Agent, Organisation, Team
from mailbridge.organisation.people import Absence
from mailbridge.sla.calendar import Calendar, is_open, next_open, open_stretches
from mailbridge.sla.zones import moment_of

AHEAD = timedelta(days=14)  # how far the end of somebody's hours is looked for


class Availability(StrEnum):
    AT_WORK = "at work"
    OFF = "off"  # outside the own hours
    AWAY = "away"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAvailability:
    """One member.  `until` is when this ends, None where no end is in sight; `deputy` who stands in for somebody away ('' nobody)."""

    agent: Agent
    state: Availability
    until: datetime | None = None
    absence: Absence | None = None
    deputy: str = ""


def standings(team: Team, organisation: Organisation, at: datetime) -> tuple[MemberAvailability, ...]:
    """All members of the team in their order."""
    members = (organisation.agents[name] for name in team.members if name in organisation.agents)
    return tuple(_standing(agent, team, organisation, at) for agent in members)


def coming(team: Team, organisation: Organisation, at: datetime, until: datetime) -> tuple[tuple[Agent, Absence], ...]:
    """Absences of active members that begin after the moment and before the other, in the order of their days."""
    members = [organisation.agents[name] for name in team.members if name in organisation.agents and organisation.agents[name].active]
    found = ((agent, absence, calendar_of(agent, team).zone) for agent in members for absence in agent.absences)
    ahead = [(agent, absence) for agent, absence, zone in found if at < moment_of(absence.first, time.min, zone) < until]
    return tuple(sorted(ahead, key=lambda each: (each[1].first, team.members.index(each[0].name))))


def _standing(agent: Agent, team: Team, organisation: Organisation, at: datetime) -> MemberAvailability:
    if not agent.active:
        return MemberAvailability(agent=agent, state=Availability.INACTIVE)
    calendar = calendar_of(agent, team)
    absence = absence_of(agent, team, at)
    if absence is not None:
        back = moment_of(absence.last + timedelta(days=1), time.min, calendar.zone)
        deputy = stand_in(agent.name, team, organisation, at)
        return MemberAvailability(agent=agent, state=Availability.AWAY, until=back, absence=absence, deputy=deputy)
    if is_open(at, calendar):
        return MemberAvailability(agent=agent, state=Availability.AT_WORK, until=_closes(calendar, at))
    return MemberAvailability(agent=agent, state=Availability.OFF, until=_opens(calendar, at))


def _closes(calendar: Calendar, at: datetime) -> datetime | None:
    closes = next((closes for _, closes in open_stretches(at, at + AHEAD, calendar)), at)
    return closes if closes < at + AHEAD else None


def _opens(calendar: Calendar, at: datetime) -> datetime | None:
    try:
        return next_open(at, calendar)
    except Permanent:  # hours that never come
        return None
