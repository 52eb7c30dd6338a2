"""When the promises of a ticket are due, from its stored clocks, and which of them are open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbridge.execution.clock_histories import clock_history_of
from mailbridge.organisation.model import Organisation
from mailbridge.sla.ladder import OVERDUE
from mailbridge.sla.levels import open_runs
from mailbridge.sla.segments import TargetKind
from mailbridge.store.clocks import ClockState, Due
from mailbridge.store.tx import Tx
from mailbridge.tickets.deadlines import promised_runs
from mailbridge.tickets.model import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTime:
    """`late`: the moment has passed, and the promise is still open: it is overdue since then."""

    at: datetime
    late: bool = False


def open_targets(tx: Tx, ticket: Ticket, organisation: Organisation) -> dict[str, DueTime]:
    """By promise when it is due; a promise that is broken keeps its due time until it is kept."""
    clocks = [one for one in tx.clocks.of_ticket(ticket.id) if one.deadline.step == OVERDUE and one.state is not ClockState.STOPPED]
    found = {one.deadline.promise: DueTime(at=one.deadline.due_at) for one in clocks if one.state is ClockState.RUNNING}
    broken = [one for one in clocks if one.state is ClockState.FIRED and one.deadline.promise not in found]
    if not broken or ticket.closed_at is not None:
        return found
    running = open_runs(promised_runs(ticket, clock_history_of(tx, ticket.id), organisation))
    for one in broken:
        promise = one.deadline.promise
        if promise in running and one.fired_at is not None and one.fired_at >= running[promise].segment.start:
            found[promise] = DueTime(at=one.deadline.due_at, late=True)
    return found


def target_at(tx: Tx, due: Due) -> datetime:
    """When the promise of this step is due: the breach that is set on the ticket, the latest where it moved."""
    if due.deadline.step == OVERDUE:
        return due.deadline.due_at
    return tx.clocks.breach(due.ticket, due.deadline.promise) or due.deadline.due_at


def is_kept(tx: Tx, ticket: Ticket, promise: str, organisation: Organisation) -> bool:
    """Whether the promise is no longer open: it is kept, came too late, or is not made any more.  Of other moments never."""
    if promise not in set(TargetKind):
        return False
    return promise not in open_runs(promised_runs(ticket, clock_history_of(tx, ticket.id), organisation))
