"""What needs a yes before it is done, and how long the desk waits for one: values of `rules/approvals.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

MANAGER = "manager"  # among approvers: the managers of the ticket's team, else those of the desk


class ApprovalTrigger(StrEnum):
    """What a command may be about that somebody else has to agree to; the key is also why it is asked."""

    WORK_OVER = "work-over"
    TRAVEL_OVER = "travel-over"
    ESTIMATE_OVER = "estimate-over"
    ESCALATE = "escalate"
    TEAM = "team"
    TAG = "tag"
    STATUS = "status"
    PRIORITY = "priority"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRule:
    """Commands of this matter wait for a yes.

    `over`: where the matter is a time, the longest that needs none.  `names`: the teams, tags, … that need one; empty: any.
    `by` are agents or MANAGER; `deputies` agents that are asked too from the reminder on.  Both times are working time of the ticket's
    team.
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
    """All that waits for a yes.  `confirm_within`: how long, by the clock, an agent's own yes to something risky is waited for.  `many`:
    how many tickets one line may change without it."""

    approvals: tuple[ApprovalRule, ...] = ()
    confirm_within: timedelta = timedelta(hours=24)
    many: int = 3
