"""Applies changed rules to open tickets: chooses their contracts and computes their deadlines again, one slice of tickets in each
transaction.

The state row has the versions of the rules and the program for which this was done, and the progress, so that a restart resumes.
Processes that still have older rules do not change clocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any

from mailbridge import __version__
from mailbridge.customers.model import Customers
from mailbridge.errors import Transient
from mailbridge.execution.desk import Desk
from mailbridge.execution.record import set_clocks
from mailbridge.jobs import reload
from mailbridge.jobs.attempts import Attempt, alone, item_of, run_batch
from mailbridge.jobs.changed_due_times import collected, notifications_of
from mailbridge.jobs.rematch import customers_before, rematch
from mailbridge.ops import crash
from mailbridge.ops import log as logs
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx
from mailbridge.tickets.model import Ticket

log = logs.get("clocks")

JOB = "recompute"
STATE_KEY = "clocks"
SLICE = 100  # tickets in one transaction
LONGEST = 0.25  # seconds after which a slice ends early
MOST_BEFORE = 5  # most earlier versions of the rules from which tickets of an unfinished run may have their contracts


def recompute(store: Store, desk: Desk, now: datetime) -> int:
    """Chooses the contracts and computes the deadlines of all open tickets again if the rules or the program changed since the last run.

    Returns the number of tickets.  Notifies of changed due times when the last slice is done.
    """
    wanted = {"rules": desk.policy.version, "program": __version__, "calendars": desk.policy.calendars}
    with store.read() as tx:
        state = tx.state.get(STATE_KEY)
        if not _in_force(tx, desk):
            return 0
        done = _is_done(state, wanted)
        before = () if done else customers_before(tx, _begun(tx, state, wanted)["before"], desk)
    if done:
        return _retry(store, desk, now)
    tickets = 0
    while True:
        try:
            progress = _next(store, desk, now, wanted, before)
        except Transient as error:  # a mail changed a ticket of the slice: the next tick repeats the slice
            log.info("clocks_wait", error=str(error))
            return tickets
        if progress is None:
            return tickets
        tickets += int(progress["slice"])
        crash.point("recompute.after_commit")
        if progress["after"] is None:
            log.info("clocks_recomputed", tickets=progress["tickets"], changed=progress["changed"], rules=desk.policy.version)
            return tickets


def _next(store: Store, desk: Desk, now: datetime, wanted: dict[str, str], before: Sequence[Customers]) -> dict[str, Any] | None:
    """The progress after one more slice; None if there is nothing to do.  Raises Transient."""
    return run_batch(store, lambda tx, attempt: _next_slice(tx, attempt, desk, now, wanted, before))


def _next_slice(
    tx: Tx, attempt: Attempt, desk: Desk, now: datetime, wanted: dict[str, str], before: Sequence[Customers]
) -> dict[str, Any] | None:
    state = tx.state.take(STATE_KEY, now)
    if _is_done(state, wanted) or not _in_force(tx, desk):
        return None
    progress = _slice(tx, attempt, desk, now, _begun(tx, state, wanted), before)
    if progress["after"] is None:
        told = list(notifications_of(tx, progress["told"], f"{wanted['rules']}:{progress['begun']}", desk))
        tx.outbox.add_many(told, now)
        if told:
            tx.wake("outbox")
        progress = {**progress, "told": {}, "before": [], "retried": progress["before"]}
    tx.state.set(STATE_KEY, progress, now)
    crash.point("recompute.before_commit")
    return progress


def _begun(tx: Tx, state: Any, wanted: dict[str, str]) -> dict[str, Any]:
    """The progress in the state row, or a new one if that is of other rules.

    `before`: the versions of the rules from which tickets have their contracts: that of the last run, and those in force since.  `begun`
    counts the runs.  The next run sends the notifications of an unfinished one.
    """
    known: dict[str, Any] = state if isinstance(state, dict) else {}
    if _is_of(known, wanted):
        return {"before": [], "told": {}, "begun": 0, **known}
    unfinished = known.get("after") is not None
    last = datetime.fromisoformat(known["at"]) if "at" in known else None
    since = [one.version for one in reversed(tx.policies.history(MOST_BEFORE)) if last is None or one.first_used > last]
    earlier = [*(known.get("before", []) if unfinished else []), *([known["rules"]] if known else []), *since]
    return {
        **wanted,
        "after": 0,
        "tickets": 0,
        "changed": 0,
        "before": [version for version in dict.fromkeys(earlier) if version != wanted["rules"]][-MOST_BEFORE:],
        "told": known.get("told", {}) if unfinished else {},
        "begun": known.get("begun", 0) + 1,
    }


def _slice(
    tx: Tx, attempt: Attempt, desk: Desk, now: datetime, progress: dict[str, Any], before: Sequence[Customers]
) -> dict[str, Any]:
    """The progress after the next slice.  `after` is None if no ticket is left.

    A slice ends early after LONGEST seconds, so that mails do not wait long for the transaction.  A ticket that raises is left as it was.
    """
    ids = sorted({*tx.tickets.open_after(progress["after"], SLICE), *tx.clocks.tickets_after(progress["after"], SLICE)})[:SLICE]
    due_before = tx.clocks.due_times(ids)
    ends = monotonic() + LONGEST
    done: list[tuple[Ticket, Ticket]] = []
    changed = 0
    for ticket in sorted(tx.tickets.get_many(ids), key=lambda ticket: ticket.id):
        applied = attempt(tx, item_of(JOB, ticket, desk), now, partial(_apply, tx, desk, ticket, before, now)) or (ticket, False)
        changed += applied[1]
        done.append((ticket, applied[0]))
        if monotonic() > ends:
            break
    all_done = len(done) == len(ids)
    due, told = tx.clocks.due_times([ticket.id for ticket, _ in done]), progress["told"]
    for ticket, after in done:
        told = collected(told, ticket, after, due_before.get(ticket.id, {}), due.get(ticket.id, {}), desk, now)
    return {
        **progress,
        "at": now.isoformat(),
        "after": None if all_done and len(ids) < SLICE else done[-1][0].id if done else ids[-1],
        "slice": len(done),
        "tickets": progress["tickets"] + len(done),
        "changed": progress["changed"] + changed,
        "told": told,
    }


def _apply(tx: Tx, desk: Desk, ticket: Ticket, before: Sequence[Customers], now: datetime) -> tuple[Ticket, bool]:
    """The ticket with its contract and its clocks by the rules in force, and whether they changed."""
    after = rematch(tx, desk, ticket, before, now)
    return after, after is not ticket or set_clocks(tx, ticket, desk.organisation, now) > 0


def _retry(store: Store, desk: Desk, now: datetime) -> int:
    """Tries the tickets again that raised; how many succeed.  Nobody is notified of their changed due times: they changed long ago."""
    with store.read() as tx:
        again = tx.job_failures.due(JOB, now, SLICE)
        versions = (tx.state.get(STATE_KEY) or {}).get("retried", ()) if again else ()
        before = customers_before(tx, versions, desk)
    right = 0
    for one in again:
        with store.write() as tx:
            ticket = tx.tickets.get(int(one.item))
            if ticket is not None and alone(tx, item_of(JOB, ticket, desk), now, partial(_apply, tx, desk, ticket, before, now)) is None:
                continue
            right += tx.job_failures.forget(JOB, one.item)
    return right


def _is_of(progress: Any, wanted: dict[str, str]) -> bool:
    return isinstance(progress, dict) and {**progress, **wanted} == progress


def _is_done(progress: Any, wanted: dict[str, str]) -> bool:
    return _is_of(progress, wanted) and progress["after"] is None


def _in_force(tx: Tx, desk: Desk) -> bool:
    """Whether this process has the latest rules, with the same calendar days."""
    known = tx.state.get(reload.STATE_KEY) or {}
    return (known.get("version"), known.get("calendars")) == (desk.policy.version, desk.policy.calendars)
