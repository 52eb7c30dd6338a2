"""When an agent wants no mail, and whether the agent has duty then.  Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from mailbridge.organisation.availability import calendar_of, is_at_work, zone_of
from mailbridge.organisation.model import Agent, Organisation, Team
from mailbridge.organisation.on_call import on_duty
from mailbridge.organisation.wishes import QuietHours
from mailbridge.sla.calendar import is_open, next_open
from mailbridge.sla.zones import moment_of, wall


def end_of_quiet(agent: Agent, organisation: Organisation, now: datetime) -> datetime | None:
    """The end of the agent's quiet hours that hold now; None where none do."""
    quiet = agent.quiet
    if quiet is None:
        return None
    if quiet.start is None or quiet.end is None:
        calendar = calendar_of(agent, _team(agent, organisation))
        return None if is_open(now, calendar) else next_open(now, calendar)
    return _end_by_clock(quiet, zone_of(agent.name, organisation), now)


def _end_by_clock(quiet: QuietHours, zone: str, now: datetime) -> datetime | None:
    start, end = quiet.start, quiet.end
    if start is None or end is None:
        return None
    local = wall(now, zone)
    at, day = local.time(), local.date()
    inside = start <= at < end if start < end else at >= start or at < end
    if not inside:
        return None
    return moment_of(day if at < end else day + timedelta(days=1), end, zone)


def has_duty(agent: Agent, organisation: Organisation, now: datetime) -> bool:
    """Whether the agent works at this hour or is on duty for a team."""
    teams = [organisation.teams[name] for name in organisation.teams_of(agent.name)]
    return any(is_at_work(agent.name, team, organisation, now) or on_duty(team, organisation, now) == agent.name for team in teams)


def _team(agent: Agent, organisation: Organisation) -> Team:
    names = organisation.teams_of(agent.name)
    return organisation.teams.get(names[0] if names else organisation.default_team) or Team(name="", title="")
