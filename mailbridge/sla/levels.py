"""The promises of a ticket as moments: when to warn, when it is overdue, when nobody has taken it.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from mailbridge.sla.calendar import Calendar
from mailbridge.sla.clock import Deadline, Pause, Targets, dues_with_pauses


def deadlines(
    *,
    opened_at: datetime,
    first_answered_at: datetime | None,
    waiting: Sequence[Pause],
    closed_at: datetime | None,
    claimed_at: datetime | None,
    targets: Targets,
    unclaimed_after: timedelta | None,
    calendar: Calendar,
    now: datetime,
) -> tuple[Deadline, ...]:
    """The moments that matter on this ticket from here on, soonest first, as far as they are known.

    `waiting` are the times in which the clocks stood (waiting for the customer, or closed before a reopening); they stand for every
    promise.  While they stand, what would fall due later is unknown and left out.  A promise that is kept, or a ticket that is
    closed, has no moments any more.  Moments that have passed stay in: whoever fires them makes sure each is told once.  A warning whose
    breach has passed as well is left out, because the breach says more.
    """
    if closed_at is not None:
        return ()

    promised = {"response": None if first_answered_at else targets.response, "resolution": targets.resolution}
    budgets = {promise: (budget * targets.warn_at, budget) for promise, budget in promised.items() if budget is not None}
    unclaimed = unclaimed_after if claimed_at is None else None
    wanted = [budget for both in budgets.values() for budget in both] + ([] if unclaimed is None else [unclaimed])
    due_times = dues_with_pauses(opened_at, calendar, wanted, waiting)

    found: list[Deadline] = []
    for promise, (warning, overdue) in budgets.items():
        found += _steps(promise, due_times[warning], due_times[overdue], now)
    if unclaimed is not None and (due_at := due_times[unclaimed]) is not None:
        found.append(Deadline(promise="claim", step="unclaimed", due_at=due_at))
    return tuple(sorted(found, key=lambda deadline: (deadline.due_at, deadline.promise, deadline.step)))


def _steps(promise: str, warning: datetime | None, overdue: datetime | None, now: datetime) -> list[Deadline]:
    steps: list[Deadline] = []
    if warning is not None and (overdue is None or warning < overdue) and not (overdue is not None and overdue <= now):
        steps.append(Deadline(promise=promise, step="warning", due_at=warning))
    if overdue is not None:
        steps.append(Deadline(promise=promise, step="overdue", due_at=overdue))
    return steps
