"""When people are there and who steps in: absences, the on-duty rota, consultants, chains of escalation.  Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Days on which an agent gets nothing, the first and the last included, by the agent's own wall clock."""

    first: date
    last: date
    deputy: str = ""  # the agent who gets it instead; empty: the others of the team do


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingPolicy:
    """How a team asks customers for ratings.  `after`: how long after closing; 0: with the mail that tells of it.  `low`: grades up to this
    one alert the managers.  `change_within`: how long a grade may be changed."""

    after: timedelta = timedelta()
    low: int = 2
    change_within: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """Days of a rota that somebody else takes, the first and the last included."""

    first: date
    last: date
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCallSchedule:
    """Who is on duty: the agents take turns of `days` days, the first of them from `start` on.

    A day of the rota begins at `change` by the clock of `zone`, so somebody whose turn ends on a Monday is on duty until that hour.
    """

    agents: tuple[str, ...]
    start: date
    days: int = 7
    change: time = time(9)
    zone: str = "UTC"
    swaps: tuple[Swap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Consultant:
    """Somebody outside the teams whom an escalation may ask: hears of it by mail and has no rights of an agent."""

    name: str
    title: str
    address: str
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationStep:
    """Where an escalation goes next; exactly one of team, agent, skill and consultant is said."""

    team: str = ""
    agent: str = ""
    skill: str = ""
    level: int = 0  # at least this much of the skill; 0: any
    consultant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationChain:
    """The way up, from the first step to the last (DK8)."""

    name: str
    steps: tuple[EscalationStep, ...]
