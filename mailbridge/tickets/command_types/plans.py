"""Commands about planned work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWork:
    """Plans work of an agent on the ticket, or changes a plan.  `plan` 0: a new one.  Of a change, an empty agent, no moment and 0 minutes
    leave what is planned."""

    plan: int = 0
    agent: str = ""
    at: datetime | None = None
    minutes: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPlan:
    """Cancels a plan; 0: the only open one."""

    plan: int = 0


PlanCommand = PlanWork | CancelPlan
