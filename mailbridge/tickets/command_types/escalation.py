"""Commands of deadlines, escalation and approvals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate:
    """Escalates to the next level of the chain, or to `to` (a chain, a team, an agent, a consultant, a skill)."""

    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """Approves a held request.  `approval` 0: the only one that waits for this actor."""

    approval: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    approval: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindApproval:
    """Reminds the approvers and their deputies of an open approval."""

    approval: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireApproval:
    approval: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SendWaiting:
    """The time of an answer that waits has come: it goes."""

    approval: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSending:
    """Takes back this actor's answers that wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReassignApproval:
    """Asks somebody else in place of the agent `of`, who leaves: the agent `to`; '' and the author of the request: the managers."""

    approval: int
    of: str
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseAlert:
    """The moment of a deadline has come.  `tell`: who a level of a ladder or a rule by time names.  `target_at`: when the promise itself is
    due.  `why`: what the rule found."""

    promise: str
    alert: str
    due_at: datetime
    tell: tuple[str, ...] = ()
    target_at: datetime | None = None
    why: str = ""


EscalationCommand = (
    RaiseAlert | Escalate | Approve | Reject | RemindApproval | ExpireApproval | ReassignApproval | SendWaiting | StopSending
)
