"""Applies changes of the overlay to open tickets: a person, location or device that was added, changed or removed.

The state row has the version of the overlay for which this was done, and the progress of the run for the next one.  The previous result is
computed from the changes up to that version.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from mailbridge.customers.model import Customers
from mailbridge.customers.overlay import merged
from mailbridge.errors import Transient
from mailbridge.execution.desk import Desk
from mailbridge.execution.overlay import read
from mailbridge.jobs import recompute
from mailbridge.jobs.attempts import Attempt, item_of, run_batch
from mailbridge.jobs.changed_due_times import Told, collected, notifications_of
from mailbridge.jobs.rematch import rematch
from mailbridge.ops import log as logs
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx

log = logs.get("clocks")

STATE_KEY = "clocks-overlay"
SLICE = 50  # tickets in one transaction


def rematch_changed(store: Store, desk: Desk, now: datetime) -> int:
    """Chooses the contracts of the open tickets of changed customers again.  Returns the number of tickets checked."""
    looked = 0
    while True:
        with store.read() as tx:
            state = tx.state.get(STATE_KEY)
            if _done(state) >= tx.customers.version() and not _unfinished(state):
                return looked
        try:
            looked += run_batch(store, lambda tx, attempt: _next_slice(tx, attempt, desk, now))
        except Transient as error:  # a mail changed one of the tickets: the next tick repeats the slice
            log.info("clocks_wait", error=str(error))
            return looked


def _next_slice(tx: Tx, attempt: Attempt, desk: Desk, now: datetime) -> int:
    state = tx.state.take(STATE_KEY, now)
    progress, count = _next(tx, attempt, desk.at(tx), state, now)
    tx.state.set(STATE_KEY, progress, now)
    return count


def _next(tx: Tx, attempt: Attempt, desk: Desk, state: Any, now: datetime) -> tuple[dict[str, Any], int]:
    """The progress after one more slice, and the number of tickets in it."""
    begun: dict[str, Any] = {"version": _done(state), "to": tx.customers.version(), "after": 0, "told": {}}
    progress = state if _unfinished(state) else begun
    before, ids = _before(tx, desk, progress), _tickets(tx, desk, progress)
    due_before, known = tx.clocks.due_times(ids), tx.tickets.get_many(ids)
    told: Told = progress["told"]
    matched = []
    for ticket in known:
        item = item_of(recompute.JOB, ticket, desk)  # a ticket that raises gets its clocks with those of changed rules, later
        after = attempt(tx, item, now, partial(rematch, tx, desk, ticket, (before,), now))
        matched.append((ticket, after or ticket))
    due = tx.clocks.due_times(ids)
    for ticket, after in matched:
        told = collected(told, ticket, after, due_before.get(ticket.id, {}), due.get(ticket.id, {}), desk, now)
    if len(ids) == SLICE:
        return {**progress, "after": ids[-1], "told": told}, len(ids)
    mails = list(notifications_of(tx, told, f"overlay:{progress['to']}", desk))
    tx.outbox.add_many(mails, now)
    if mails:
        tx.wake("outbox")
    return {"version": progress["to"]}, len(ids)


def _before(tx: Tx, desk: Desk, progress: dict[str, Any]) -> Customers:
    """The customers of the rules in force, with the overlay of the version that is done."""
    customers = desk.policy.rules.customers
    changes = [change for change in tx.customers.since(0) if change.version <= progress["version"]]
    return merged(customers.files or customers, read({}, changes, desk.config.desk.prefix).values())


def _tickets(tx: Tx, desk: Desk, progress: dict[str, Any]) -> Sequence[int]:
    """The next open tickets of people who belong or belonged to the changed customers."""
    changed = {change.id.customer for change in tx.customers.since(progress["version"])}
    before, customers = _before(tx, desk, progress), desk.policy.rules.customers
    found = []
    for ticket, requester in tx.tickets.open_requesters():
        if ticket > progress["after"]:
            owners = {one.name for known in (before, customers) if (one := known.of(requester or "")) is not None}
            if owners & changed:
                found.append(ticket)
    return sorted(found)[:SLICE]


def _done(state: Any) -> int:
    return int(state["version"]) if isinstance(state, dict) else 0


def _unfinished(state: Any) -> bool:
    return isinstance(state, dict) and "to" in state
