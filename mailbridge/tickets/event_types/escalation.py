"""Events of deadlines, escalation and approvals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbridge.tickets.event_types.stored import StoredEvent, stored_event
from mailbridge.tickets.model import Approval


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated:
    """The ticket was escalated.  Team and assignee change by events of their own."""

    chain: str
    before: int
    after: int
    to: str  # the name of a team, an agent or a consultant
    kind: str = "team"  # which of the three: team, agent, consultant


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested:
    approval: Approval
    why: str  # the key of the trigger ('work-over', 'escalate', 'tag', …) or of the risk ('erase', 'merge-customers', 'many')


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalReminded:
    approval: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalReassigned:
    """`before` no longer decides about the approval; `after` do: the new approvers alone, none where others decide already."""

    approval: int
    before: str
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDecided:
    """`granted`: the events of the request follow, with its author as actor.  Else `reason` says why it was rejected.

    `refused`: it was approved, but cannot be executed on the ticket as it is now: the key of the reason.  `line`, `asker` and `asked` (the
    approvers) are copied from the approval, which the ticket no longer has after this event.
    """

    approval: int
    granted: bool
    reason: str = ""
    expired: bool = False
    refused: str = ""
    line: str = ""
    asker: str = ""
    asked: tuple[str, ...] = ()
    delayed: bool = False  # an answer that waited for its time went, or was taken back


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised:
    """A deadline fired: `alert` is warning, overdue, unclaimed, silent or a step of a ladder such as 70%; `promise` is response, claim, …

    Of a ladder: `tell` is who is told, and `target_at` when the promise is due.  Without a ladder the usual people are told.
    Of a rule by time: `promise` is rule, `alert` its name, `tell` who is told, and `why` what it found.
    """

    promise: str
    alert: str
    due_at: datetime
    tell: tuple[str, ...] = ()
    target_at: datetime | None = None
    why: str = ""


EscalationEvent = Escalated | ApprovalRequested | ApprovalReminded | ApprovalReassigned | ApprovalDecided | AlertRaised

# The names under which these events are stored and published.
STORED: tuple[StoredEvent, ...] = (
    stored_event("escalated", "Escalated", Escalated),
    stored_event("approval_requested", "ApprovalRequested", ApprovalRequested),
    stored_event("approval_reminded", "ApprovalReminded", ApprovalReminded),
    stored_event("approval_reassigned", "ApprovalReassigned", ApprovalReassigned),
    stored_event("approval_decided", "ApprovalDecided", ApprovalDecided),
    stored_event("alert_raised", "AlertRaised", AlertRaised),
)
