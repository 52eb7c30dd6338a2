"""When the promises of a ticket are due, from its stored clocks, and which of them are open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailbridge.execution.clock_histories import clock_histories, clock_history_of
from mailbridge.organisation.model import Organisation
from mailbridge.sla.history import ClockHistory
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


BATCH = 200  # tickets whose clocks are read at a time


def open_targets(tx: Tx, ticket: Ticket, organisation: Organisation) -> dict[str, DueTime]:
    """By promise when it is due; a promise that is broken keeps its due time until it is kept."""
    found, broken = _running(tx.clocks.of_ticket(ticket.id), ticket)
    return _with_broken(found, broken, ticket, clock_history_of(tx, ticket.id), organisation) if broken else found


def open_targets_of(tx: Tx, tickets: Sequence[Ticket], organisation: Organisation) -> dict[int, dict[str, DueTime]]:
    """The same of each of these tickets, in few statements."""
    targets: dict[int, dict[str, DueTime]] = {}
    for start in range(0, len(tickets), BATCH):
        batch = tickets[start : start + BATCH]
        clocks = tx.clocks.of_tickets([ticket.id for ticket in batch])
        known = {ticket.id: _running(clocks.get(ticket.id, ()), ticket) for ticket in batch}
        histories = clock_histories(tx, [number for number, (_, broken) in known.items() if broken])
        for ticket in batch:
            found, broken = known[ticket.id]
            targets[ticket.id] = _with_broken(found, broken, ticket, histories[ticket.id], organisation) if broken else found
    return targets


def _running(clocks: Iterable[Due], ticket: Ticket) -> tuple[dict[str, DueTime], list[Due]]:
    """The promises whose clocks run, and the clocks that say that another one is broken."""
    counted = [one for one in clocks if one.deadline.step == OVERDUE and one.state is not ClockState.STOPPED]
    found = {one.deadline.promise: DueTime(at=one.deadline.due_at) for one in counted if one.state is ClockState.RUNNING}
    broken = [one for one in counted if one.state is ClockState.FIRED and one.deadline.promise not in found]
    return found, broken if ticket.closed_at is None else []


def _with_broken(
    found: dict[str, DueTime], broken: Iterable[Due], ticket: Ticket, history: ClockHistory, organisation: Organisation
) -> dict[str, DueTime]:
    """With the promises that are broken and still open."""
    running = open_runs(promised_runs(ticket, history, organisation))
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
