"""Notifies the administrators of what jobs could not do: each failure once, at most one mail an hour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from mailbridge.execution.desk import Desk
from mailbridge.notifications.compose import admin_notifications
from mailbridge.notifications.payloads.admins import JobFailureRow, JobsFailed
from mailbridge.store.engine import Store
from mailbridge.store.job_failures import JobFailure
from mailbridge.store.tx import Tx

STATE_KEY = "job-failures-told"
EVENT = "jobs"
PAUSE = timedelta(hours=1)
MOST_LISTED = 20


def notify_job_failures(store: Store, desk: Desk, now: datetime) -> int:
    """Sends the failures that the administrators do not know, all in one mail.  Returns their number."""
    with store.read() as tx:
        if not tx.job_failures.untold() or _too_soon(tx.state.get(STATE_KEY), now):
            return 0
    with store.write() as tx:
        if _too_soon(tx.state.take(STATE_KEY, now), now):
            return 0
        found = tx.job_failures.untold()
        tx.job_failures.tell(now)
        tx.state.set(STATE_KEY, now.isoformat(), now)
        _send(tx, found, desk, now)
    return len(found)


def _too_soon(last: object, now: datetime) -> bool:
    return isinstance(last, str) and now - datetime.fromisoformat(last) < PAUSE


def _send(tx: Tx, found: Sequence[JobFailure], desk: Desk, now: datetime) -> None:
    config = desk.config.desk
    rows = tuple(map(_row, found[:MOST_LISTED]))
    about = JobsFailed(count=len(found), rows=rows, more=max(0, len(found) - MOST_LISTED) or None)
    key = f"{now:%Y%m%d%H%M%S}"
    tx.outbox.add_many(admin_notifications(config.admins, EVENT, key, about, config.address, config.language), now)
    tx.wake("outbox")


def _row(one: JobFailure) -> JobFailureRow:
    return JobFailureRow(
        job=one.job,
        about=one.about,
        reason=one.reason,
        since=f"{one.since:%Y-%m-%d %H:%M UTC}",
        next=f"{one.next_at:%Y-%m-%d %H:%M UTC}",
    )
