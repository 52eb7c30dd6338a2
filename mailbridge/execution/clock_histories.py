"""The past of tickets' clocks, read from the store."""

from __future__ import annotations

from collections.abc import Collection

from mailbridge.sla.history import ClockHistory
from mailbridge.store.tx import Tx
from mailbridge.tickets.clock_history import clock_history


def clock_histories(tx: Tx, tickets: Collection[int]) -> dict[int, ClockHistory]:
    """By ticket what its clocks know of the past; a ticket without a history is left out."""
    events, received = tx.events.of_clocks(tickets)
    finished = tx.finished_runs.of_tickets(tickets)
    return {ticket: clock_history(history, received, finished.get(ticket, ())) for ticket, history in events.items()}


def clock_history_of(tx: Tx, ticket: int) -> ClockHistory:
    """What the clocks of this one ticket know of its past.  Raises LookupError where it has no history."""
    return clock_histories(tx, [ticket])[ticket]
