"""Changed rules reach the clocks that run: the deadlines of all open tickets are computed again, a slice of tickets in each transaction.

The state row holds the rules and the program for which it is done, and how far it came, so that a restart goes on where it was.  Processes
that still have older rules leave the clocks alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mailbridge import __version__
from mailbridge.execution.desk import Desk
from mailbridge.execution.record import set_clocks
from mailbridge.jobs import reload
from mailbridge.ops import log as logs
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx

log = logs.get("clocks")

STATE_KEY = "clocks"
SLICE = 100  # tickets in one transaction


def recompute(store: Store, desk: Desk, now: datetime) -> int:
    """Computes the deadlines of all open tickets again if the rules or the program changed since the last time; the number of tickets."""
    wanted = {"rules": desk.policy.version, "program": __version__}
    with store.read() as tx:
        if _is_done(tx.state.get(STATE_KEY), wanted) or not _in_force(tx, desk):
            return 0
    tickets = 0
    while True:
        with store.write() as tx:
            done = tx.state.take(STATE_KEY, now)
            if _is_done(done, wanted) or not _in_force(tx, desk):
                return tickets
            before = done if _is_of(done, wanted) else {**wanted, "after": 0, "tickets": 0, "changed": 0}
            progress: dict[str, Any] = _slice(tx, desk, now, before)
            tx.state.set(STATE_KEY, progress, now)
        tickets += int(progress["slice"])
        if progress["after"] is None:
            log.info("clocks_recomputed", tickets=progress["tickets"], changed=progress["changed"], rules=desk.policy.version)
            return tickets


def _slice(tx: Tx, desk: Desk, now: datetime, progress: dict[str, Any]) -> dict[str, Any]:
    """The progress after the next slice; `after` None: no ticket is left."""
    ids = sorted({*tx.tickets.open_after(progress["after"], SLICE), *tx.clocks.tickets_after(progress["after"], SLICE)})[:SLICE]
    changed = 0
    for ticket in tx.tickets.get_many(ids):
        changed += set_clocks(tx, ticket, desk.organisation, now) > 0
    return {
        **progress,
        "after": ids[-1] if len(ids) == SLICE else None,
        "slice": len(ids),
        "tickets": progress["tickets"] + len(ids),
        "changed": progress["changed"] + changed,
    }


def _is_of(progress: Any, wanted: dict[str, str]) -> bool:
    return isinstance(progress, dict) and {**progress, **wanted} == progress


def _is_done(progress: Any, wanted: dict[str, str]) -> bool:
    return _is_of(progress, wanted) and progress["after"] is None


def _in_force(tx: Tx, desk: Desk) -> bool:
    """Whether this process has the rules that were loaded last."""
    return bool((tx.state.get(reload.STATE_KEY) or {}).get("version") == desk.policy.version)
