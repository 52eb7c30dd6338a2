"""Executes a change of a customer that belongs to no ticket: from the command line or another program.

A change on a ticket is a command like the others (`tickets.handlers.customers`).  Both are decided by `customers.change`.
"""

from __future__ import annotations

from datetime import datetime

from mailbridge.customers.change import EntryChange, EntryChanged, NotChanged, decide_change
from mailbridge.execution.desk import Desk
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor


def execute_change(tx: Tx, desk: Desk, change: EntryChange, actor: Actor, now: datetime) -> EntryChanged | NotChanged:
    """Decides the change and records it in the open transaction."""
    tx.customers.lock(now)
    known = desk.at(tx)
    done = decide_change(known.policy.rules.customers, change, known.organisation.calendars)
    if isinstance(done, EntryChanged) and done.before != done.after:
        tx.customers.add([done], actor, None, now)
    return done
