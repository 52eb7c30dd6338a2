"""Notifies the administrators of mails that could not be fetched by IMAP, at most once an hour, all in one mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from mailbridge.execution.desk import Desk
from mailbridge.notifications.compose import admin_notifications
from mailbridge.notifications.payloads.admins import Unfetched, UnfetchedRow
from mailbridge.store.engine import Store
from mailbridge.store.inbox_rows import InboxRow

STATE_KEY = "unfetched-told"
PAUSE = timedelta(hours=1)
MOST_LISTED = 50


def notify_unfetched(store: Store, desk: Desk, now: datetime) -> int:
    """Sends the list of mails that could not be fetched since the last list.  Returns their number."""
    with store.read() as tx:
        last = tx.state.get(STATE_KEY) or {"inbox": 0, "at": ""}
        if not tx.inbox.unfetched(last["inbox"], 1) or _too_soon(last["at"], now):
            return 0
    with store.write() as tx:
        last = tx.state.take(STATE_KEY, now) or last
        found = [] if _too_soon(last["at"], now) else tx.inbox.unfetched(last["inbox"], 10_000)
        if found:
            config = desk.config.desk
            told = Unfetched(count=len(found), rows=_rows(found), more=max(0, len(found) - MOST_LISTED) or None)
            tx.outbox.add_many(
                admin_notifications(config.admins, "unfetched", str(found[-1].id), told, config.address, config.language), now
            )
            tx.wake("outbox")
            last = {"inbox": found[-1].id, "at": now.isoformat()}
        tx.state.set(STATE_KEY, last, now)
    return len(found)


def _too_soon(at: str, now: datetime) -> bool:
    return bool(at) and now - datetime.fromisoformat(at) < PAUSE


def _rows(found: Sequence[InboxRow]) -> tuple[UnfetchedRow, ...]:
    """The rows: place, reason and number of each mail."""
    shown = found[:MOST_LISTED]
    return tuple(UnfetchedRow(place=_place(one), reason=" ".join(one.reason.split()), inbox=one.id) for one in shown)


def _place(row: InboxRow) -> str:
    envelope = row.envelope
    return f"{envelope.account}/{envelope.folder}, UID {envelope.uid}"
