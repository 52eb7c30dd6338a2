"""Which reports of rules/reports.yaml are due.  Pure: what was sent before is an argument."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from mailbridge.organisation.availability import absence_of, calendar_of, midnight, zone_of
from mailbridge.organisation.model import Agent, Organisation, Team
from mailbridge.organisation.report_schedules import Group, ReportSchedule
from mailbridge.sla.calendar import worked
from mailbridge.sla.zones import moment_of, wall

_DAY = timedelta(days=1)
_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReport:
    """A report that an agent gets now: it is about the days from `first` to `last`.  `day`: for which it was scheduled."""

    schedule: ReportSchedule
    agent: Agent
    teams: tuple[str, ...]
    zone: str
    day: date
    first: date
    last: date


def due_reports(
    organisation: Organisation, responsible: Iterable[str], told: Mapping[tuple[str, str], date], now: datetime
) -> tuple[DueReport, ...]:
    """The reports whose hour has come on a day on which their recipients work.  `responsible`: the agents of that group.  `told`: by
    schedule and agent the day for which the last one was decided.

    A day on which the recipient does not work, or on which nothing ran, is made up for once, on the next working day.  A schedule that is
    new for an agent begins today.
    """
    named = frozenset(responsible)
    return tuple(
        due
        for schedule in organisation.reports.values()
        for agent in _recipients(schedule, organisation, named)
        if (due := _due(schedule, agent, organisation, told.get((schedule.name, agent.name)), now)) is not None
    )


def _recipients(schedule: ReportSchedule, organisation: Organisation, responsible: frozenset[str]) -> Iterator[Agent]:
    teams = [organisation.teams[name] for name in schedule.teams or organisation.teams if name in organisation.teams]
    groups = {
        Group.LEADS: [name for team in teams for name in team.managers],
        Group.MANAGERS: [agent.name for agent in organisation.agents.values() if agent.manager],
        Group.MEMBERS: [name for team in teams for name in team.members],
        Group.RESPONSIBLE: sorted(responsible),
    }
    names = dict.fromkeys(name for one in schedule.to for name in (groups[Group(one)] if one in tuple(Group) else [one]))
    for name in names:
        agent = organisation.agents.get(name)
        if agent is not None and agent.active:
            yield agent


def _due(
    schedule: ReportSchedule, agent: Agent, organisation: Organisation, told: date | None, now: datetime
) -> DueReport | None:
    zone = zone_of(agent.name, organisation)
    today = wall(now, zone).date()
    day = _scheduled(schedule, today)
    if (told is None and day != today) or (told is not None and told >= day):
        return None
    if now < moment_of(today, schedule.at, zone) or not _works(agent, organisation, today, zone, now):
        return None
    before = _scheduled(schedule, day - _DAY)
    teams = schedule.teams or organisation.teams_of(agent.name) or tuple(organisation.teams)
    return DueReport(schedule=schedule, agent=agent, teams=teams, zone=zone, day=day, first=before, last=day - _DAY)


def _scheduled(schedule: ReportSchedule, day: date) -> date:
    """The latest scheduled day that is not after this one."""
    return next(found for found in (day - _DAY * back for back in range(_WEEK)) if found.weekday() in schedule.days)


def _works(agent: Agent, organisation: Organisation, day: date, zone: str, now: datetime) -> bool:
    """Whether the agent works on this day and is not away."""
    names = organisation.teams_of(agent.name)
    team = organisation.teams.get(names[0] if names else organisation.default_team) or Team(name="", title="")
    hours = worked(midnight(day, zone), midnight(day + _DAY, zone), calendar_of(agent, team))
    return hours > timedelta(0) and absence_of(agent, team, now) is None
