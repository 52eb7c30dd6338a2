"""Compares once a day every mail with what became of it, and tells the administrators of what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from mailbridge.execution.desk import Desk
from mailbridge.notifications.compose import admin_notifications
from mailbridge.notifications.payloads.admins import AuditFailed, MissingRow
from mailbridge.ops import log as logs
from mailbridge.store.engine import Store

STATE_KEY = "audit-next"
TOLD_KEY = "audit-told"
FIRST = timedelta(minutes=10)  # after the first start
EVERY = timedelta(days=1)
AGAIN = timedelta(hours=1)  # after an audit that found something: it may have been fetched meanwhile
MOST_LISTED = 50

log = logs.get("audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditNews:
    """What an audit found.  `missing`: id, why and what is done about it, of each mail.  `faults`: what could not be compared.

    `accepted`: the last number of each source; a log that has them proves that later ones are no earlier ones.
    """

    missing: tuple[tuple[str, str, str], ...]
    faults: tuple[str, ...]
    accepted: dict[str, int]


def audit_daily(store: Store, desk: Desk, now: datetime, compare: Callable[[], AuditNews]) -> int:
    """Runs the audit if it is due; how much is missing.  Only one process runs it, and one mail tells of the same findings in a day."""
    with store.write() as tx:
        due = tx.state.take(STATE_KEY, now)
        if due is not None and datetime.fromisoformat(due) > now:
            return 0
        tx.state.set(STATE_KEY, (now + (FIRST if due is None else EVERY)).isoformat(), now)
    if due is None:
        return 0
    found = compare()
    log.info("audit_done", missing=len(found.missing), faults=len(found.faults), accepted=found.accepted)
    if not found.missing and not found.faults:
        return 0
    config = desk.config.desk
    mark = sha256("\n".join((*(id for id, _, _ in found.missing), *found.faults)).encode()).hexdigest()
    with store.write() as tx:
        tx.state.set(STATE_KEY, (now + AGAIN).isoformat(), now)
        told = tx.state.take(TOLD_KEY, now)
        if told is None or told["mark"] != mark or now - datetime.fromisoformat(told["at"]) >= EVERY:
            rows = tuple(MissingRow(id=id, why=why, repair=repair) for id, why, repair in found.missing[:MOST_LISTED])
            more = max(0, len(found.missing) - MOST_LISTED) or None
            about = AuditFailed(count=len(found.missing), rows=rows, more=more, faults="\n".join(found.faults))
            key = f"{now:%Y%m%d%H%M%S}"
            tx.outbox.add_many(admin_notifications(config.admins, "audit", key, about, config.address, config.language), now)
            tx.wake("outbox")
            tx.state.set(TOLD_KEY, {"mark": mark, "at": now.isoformat()}, now)
    return len(found.missing)
