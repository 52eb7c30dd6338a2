"""Events of planned work."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailbridge.tickets.event_types.stored import StoredEvent, stored_event
from mailbridge.tickets.model import Plan


class PlanProblem(StrEnum):
    """What speaks against a plan.  It is made all the same."""

    CLASH = "clash"  # with another plan or an appointment; the detail is its ticket
    AWAY = "away"  # the agent is absent on that day
    OFF_HOURS = "off-hours"  # a part of it is outside the agent's hours
    OVER_CAPACITY = "over-capacity"  # more is planned on that day than the agent works


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWarning:
    """`ticket`: of the other plan.  `minutes`: planned on that day, `of`: worked on it."""

    problem: PlanProblem
    ticket: int | None = None
    minutes: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSet:
    """Work was planned; a plan was changed, cancelled, done, or is to be done again."""

    before: Plan | None
    after: Plan
    warnings: tuple[PlanWarning, ...] = ()

# The names under which these events are stored and published.
STORED: tuple[StoredEvent, ...] = (
    stored_event("plan_set", "PlanSet", PlanSet),
)
