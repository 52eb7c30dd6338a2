"""Hours of a team that works around the clock in which nobody works.  Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise

from mailbridge.organisation.availability import calendar_of, is_at_work, slots
from mailbridge.organisation.follow_the_sun import regions_of
from mailbridge.organisation.model import Agent, Organisation, Team
from mailbridge.organisation.on_call import on_duty, shifts
from mailbridge.sla.calendar import is_open, open_stretches
from mailbridge.sla.zones import moment_of, wall

AHEAD = timedelta(weeks=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch of time in which nobody works."""

    begins: datetime
    ends: datetime

    @property
    def length(self) -> timedelta:
        return self.ends - self.begins


def is_round_the_clock(team: Team) -> bool:
    """Whether the team works every hour of the year."""
    calendar = team.calendar
    return not calendar.holidays and not calendar.special and all(_whole(day) for day in calendar.hours)


def gaps(team: Team, organisation: Organisation, at: datetime, until: datetime) -> tuple[Gap, ...]:
    """The stretches between two moments in which nobody works for the team, in order; none for a team that has closing hours or no members.

    An agent without hours of their own works all hours of the team.  Where the team has a rota, who is on duty covers the hour.
    """
    if not is_round_the_clock(team) or not (team.members or team.follow):
        return ()
    found: list[Gap] = []
    for begins, ends in pairwise(_changes(team, organisation, at, until)):
        if _covered(team, organisation, begins):
            continue
        if found and found[-1].ends == begins:
            found[-1] = Gap(begins=found[-1].begins, ends=ends)
        else:
            found.append(Gap(begins=begins, ends=ends))
    return tuple(found)


def _covered(team: Team, organisation: Organisation, at: datetime) -> bool:
    if team.follow:
        return any(is_open(at, region.calendar) and _covered(region, organisation, at) for region in regions_of(team, organisation))
    if on_duty(team, organisation, at):
        return True
    return any(is_at_work(slot.agent, team, organisation, at) for slot in slots(team, organisation, at))


def _changes(team: Team, organisation: Organisation, at: datetime, until: datetime) -> list[datetime]:
    """The moments at which somebody may begin or stop to work, with both ends: between two of them nothing changes."""
    teams = regions_of(team, organisation) if team.follow else (team,)
    moments = {at, until}
    for one in teams:
        moments.update(edge for stretch in open_stretches(at, until, one.calendar) for edge in stretch)
        if one.on_call:
            moments.update(shift.begins for shift in shifts(one, organisation, at, until))
        for agent in _agents(one, organisation):
            moments.update(_edges(agent, one, at, until))
    return sorted(moment for moment in moments if at <= moment <= until)


def _agents(team: Team, organisation: Organisation) -> Iterator[Agent]:
    """The members, who is on duty in turns, and all deputies."""
    names = list(dict.fromkeys((*team.members, *(team.on_call.agents if team.on_call else ()))))
    for name in names:
        agent = organisation.agents.get(name)
        if agent is not None:
            yield agent
            names += [absence.deputy for absence in agent.absences if absence.deputy and absence.deputy not in names]


def _edges(agent: Agent, team: Team, at: datetime, until: datetime) -> Iterator[datetime]:
    calendar = calendar_of(agent, team)
    yield from (edge for stretch in open_stretches(at, until, calendar) for edge in stretch)
    for absence in agent.absences:
        if absence.last >= wall(at, calendar.zone).date():
            yield moment_of(absence.first, time.min, calendar.zone)
            yield moment_of(absence.last + timedelta(days=1), time.min, calendar.zone)


def _whole(day: tuple[tuple[time, time], ...]) -> bool:
    reached = time.min
    for opens, closes in sorted(day):
        if opens > reached:
            return False
        reached = max(reached, closes)
    return reached == time.max
