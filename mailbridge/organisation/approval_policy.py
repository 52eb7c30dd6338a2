"""Which commands need an approval, and for how long the desk waits: values of `rules/approvals.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

MANAGER = "manager"  # among approvers: the managers of the ticket's team, else those of the desk


class ApprovalTrigger(StrEnum):
    """What can make a command need an approval; the key is also the reason in the question."""

    WORK_OVER = "work-over"
    TRAVEL_OVER = "travel-over"
    ESTIMATE_OVER = "estimate-over"
    ESCALATE = "escalate"
    TEAM = "team"
    TAG = "tag"
    STATUS = "status"
    PRIORITY = "priority"
    HOURS_OVER = "hours-over"  # these two are said by contracts, not by approvals.yaml
    HOURS_EMPTY = "hours-empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRule:
    """Commands with this trigger need an approval.

    `over`: for times, the maximum without one.  `names`: the teams, tags, … that need one; empty: any.  `by`: agents or MANAGER.
    `deputies`: agents who may decide, too, from the reminder on.  Both times are working time of the ticket's team.
    """

    what: ApprovalTrigger
    over: timedelta = timedelta(0)
    names: frozenset[str] = frozenset()
    by: tuple[str, ...] = (MANAGER,)
    deputies: tuple[str, ...] = ()
    remind_after: timedelta | None = timedelta(hours=4)
    expires_after: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPolicy:
    """All approval rules.  `confirm_within`: how long an agent's own confirmation is waited for, by the clock.  `many`: how many tickets
    one line may change without a confirmation."""

    approvals: tuple[ApprovalRule, ...] = ()
    confirm_within: timedelta = timedelta(hours=24)
    many: int = 3
