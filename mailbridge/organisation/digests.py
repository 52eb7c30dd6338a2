"""Who gets the morning digest now, and for whom beside themselves.  Pure: what was told before is an argument."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from mailbridge.organisation.availability import absence_of, calendar_of, midnight, stand_in, zone_of
from mailbridge.organisation.model import DIGEST, Agent, Organisation, Team
from mailbridge.sla.calendar import worked
from mailbridge.sla.zones import moment_of, wall

_DAY = timedelta(days=1)
MOST_DAYS = 21  # days that are looked at for the next digest; who does not work for so long gets the first


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestReader:
    """An agent whose digest of a day is due.  `away`: the agents for whom this one stands in."""

    agent: Agent
    day: date  # by the agent's clock
    zone: str
    away: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The agents whose matters the digest is about."""
        return frozenset((self.agent.name, *self.away))

    @property
    def ends(self) -> datetime:
        """The end of the day."""
        return midnight(self.day + _DAY, self.zone)


def due_readers(organisation: Organisation, told: Mapping[str, date], now: datetime) -> tuple[DigestReader, ...]:
    """Whose hour has come on a day on which they work and that was not decided before.  `told`: by agent, the last day that was.

    Who is away gets nothing; the deputy does, with the own digest.
    """
    due = [reader for agent in organisation.agents.values() if (reader := _reader(agent, organisation, told, now)) is not None]
    if not due:
        return ()
    away: dict[str, list[str]] = {}
    for name, deputy in _absent(organisation, now):
        away.setdefault(deputy, []).append(name)
    return tuple(
        DigestReader(agent=one.agent, day=one.day, zone=one.zone, away=tuple(away.get(one.agent.name, ()))) for one in due
    )


def next_digest(agent: Agent | None, team: Team, organisation: Organisation, now: datetime) -> datetime:
    """The next moment after `now` at which the agent's morning digest comes, on a day on which the agent works.  An agent who wants none,
    and somebody who is no agent (None), has the usual hour."""
    zone = zone_of(agent.name, organisation) if agent else team.calendar.zone
    hour = (agent.digest if agent else None) or DIGEST
    calendar = calendar_of(agent, team) if agent else team.calendar
    today = wall(now, zone).date()
    moments = [moment_of(today + _DAY * days, hour, zone) for days in range(MOST_DAYS)]
    later = [at for at in moments if at > now]
    return next((at for at in later if worked(_start(at, zone), _start(at, zone) + _DAY, calendar) > timedelta(0)), later[0])


def _start(at: datetime, zone: str) -> datetime:
    return midnight(wall(at, zone).date(), zone)


def _reader(agent: Agent, organisation: Organisation, told: Mapping[str, date], now: datetime) -> DigestReader | None:
    if not agent.active or agent.digest is None:
        return None
    zone = zone_of(agent.name, organisation)
    day = wall(now, zone).date()
    last = told.get(agent.name)
    if last is not None and agent.digest_weekly and last.isocalendar()[:2] == day.isocalendar()[:2]:
        return None
    if (last is not None and last >= day) or now < moment_of(day, agent.digest, zone):
        return None
    team = _team_of(agent, organisation)
    works = worked(moment_of(day, time.min, zone), midnight(day + _DAY, zone), calendar_of(agent, team)) > timedelta(0)
    return DigestReader(agent=agent, day=day, zone=zone) if works and absence_of(agent, team, now) is None else None


def _absent(organisation: Organisation, now: datetime) -> Iterator[tuple[str, str]]:
    """The agents who are away and want a digest, each with the deputy who is there."""
    for agent in organisation.agents.values():
        team = _team_of(agent, organisation)
        if agent.active and agent.digest is not None and absence_of(agent, team, now) is not None:
            deputy = stand_in(agent.name, team, organisation, now)
            if deputy:
                yield agent.name, deputy


def _team_of(agent: Agent, organisation: Organisation) -> Team:
    names = organisation.teams_of(agent.name)
    found = organisation.teams.get(names[0] if names else organisation.default_team)
    return found or Team(name="", title="")
