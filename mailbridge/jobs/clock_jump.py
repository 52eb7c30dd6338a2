"""After the clock of the machine was set: times that were written by the wrong clock no longer hold anything up.

Threads wait by the monotonic clock, so a step of the wall clock ends or prolongs no wait of a thread.  But next tries, leases and the times
of last runs are in the database.  What waits for its next try is tried at once, leases begin anew, and no last run lies in the future.  Due
times of tickets are not touched: they are moments of the wall clock.  Only an answer that waits before it goes does not wait for a whole
step.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from mailbridge.config.durations import LONGEST_DELAY
from mailbridge.jobs import digests, failures, kept, ratings, reports, spam_review, statements, timed_rules, unfetched
from mailbridge.ops import log as logs
from mailbridge.store.engine import Store
from mailbridge.store.job_failures import LONGEST_PAUSE
from mailbridge.store.queue import LeaseQueue
from mailbridge.store.tx import Tx
from mailbridge.tickets.deadlines import SEND

STATE_KEY = "clock-set"
PAUSE = timedelta(hours=1)  # between two mails; the log, the status and the metrics have every step
EARLIEST_ZONE = timedelta(hours=14)  # UTC+14: no local day is later
LAST_RUNS = (
    *(digests.STATE_KEY, reports.STATE_KEY, kept.STATE_KEY, spam_review.STATE_KEY, statements.STATE_KEY, ratings.STATE_KEY),
    *(timed_rules.STATE_KEY, unfetched.STATE_KEY, failures.STATE_KEY),
    *("backup", "backup-failed"),  # of jobs.backup, which brings PostgreSQL's driver
)

log = logs.get("clock")


def clip_times(store: Store, now: datetime) -> int:
    """No row waits longer than the longest wait of its kind from now; how many rows were changed."""
    with store.write() as tx:
        changed = sum(queue.clip(now) for queue in _queues(tx))
        changed += tx.job_failures.look_again(now, now + LONGEST_PAUSE) + tx.feeds.clip(now) + tx.grants.clip(now)
        changed += tx.sources.clip(now)
        changed += _clip_last_runs(tx, now)
    if changed:
        log.warning("times_clipped", rows=changed)
    return changed


def after_step(store: Store, step: timedelta, now: datetime, tell: Callable[[Tx, datetime, datetime], None]) -> None:
    """Everything may look again after the clock was set by `step`.  Raises StoreAway.

    `tell` notifies the administrators, in the transaction, of what the clock showed and what it shows now.
    """
    with store.write() as tx:
        for queue in _queues(tx):
            queue.look_again(now)
        tx.clocks.clip(SEND, now + LONGEST_DELAY)
        tx.job_failures.look_again(now)
        tx.feeds.clip(now)
        tx.feeds.try_again()
        tx.sources.clip(now)
        tx.grants.clip(now)
        _clip_last_runs(tx, now)
        known = tx.state.take(STATE_KEY, now) or {}
        told_at = known.get("told_at")
        is_news = not told_at or not timedelta(0) <= now - datetime.fromisoformat(told_at) < PAUSE
        if is_news:
            tell(tx, now - step, now)
        noted = {"at": now.isoformat(), "seconds": round(step.total_seconds()), "steps": known.get("steps", 0) + 1}
        tx.state.set(STATE_KEY, {**noted, "told_at": now.isoformat() if is_news else told_at}, now)
        for channel in ("inbox", "outbox", "webhooks"):
            tx.wake(channel)


def _queues(tx: Tx) -> tuple[LeaseQueue[Any, Any], ...]:
    return tx.inbox, tx.outbox, tx.webhooks


def _clip_last_runs(tx: Tx, now: datetime) -> int:
    """The last run of no job lies in the future: it would not run again before that; how many jobs."""
    changed = 0
    for key in LAST_RUNS:
        if (said := tx.state.get(key)) != (clipped := _clipped(said, now)):
            tx.state.set(key, clipped, now)
            changed += 1
    return changed


def _clipped(said: Any, now: datetime) -> Any:
    """The same JSON value with every moment, day and month at most now."""
    match said:
        case dict():
            return {name: _clipped(one, now) for name, one in said.items()}
        case list():
            return [_clipped(one, now) for one in said]
        case str() if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+\d\d:\d\d", said):
            return said if datetime.fromisoformat(said) <= now else now.isoformat()
        case str() if re.fullmatch(r"\d{4}-\d\d-\d\d", said):
            return said if date.fromisoformat(said) <= (now + EARLIEST_ZONE).date() else now.date().isoformat()
        case str() if re.fullmatch(r"\d{4}-\d\d", said):
            return min(said, f"{(now + EARLIEST_ZONE):%Y-%m}")
        case _:
            return said
