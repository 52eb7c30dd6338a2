"""Mails the managers once a day a list of the mails that were held because of their senders, each with a link that lets it in.

The first transaction of a day makes the list.  It begins where the last one ended, so that each mail is listed once.  A day without
such mails sends nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from mailbridge.execution.desk import Desk
from mailbridge.notifications.compose import agent_notification
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.wishes import HeldSpamRow, SpamReview
from mailbridge.notifications.recipients import managers_of
from mailbridge.organisation.wishes import BLOCKED, held_by
from mailbridge.store.engine import Store
from mailbridge.store.inbox_rows import InboxRow

STATE_KEY = "spam-review"
HOUR = 6  # o'clock UTC, with the list of kept mails
MOST_LISTED = 50
MOST_READ = 1_000
EVENT = "spam"


def is_reviewed(reason: str) -> bool:
    """Whether the list names a mail that is in quarantine for this reason."""
    return reason.startswith(BLOCKED)


def review_spam(store: Store, desk: Desk, now: datetime) -> int:
    """Sends the list if it is due and not empty; how many mails it is about.  A desk that blocks nobody reads nothing."""
    if not desk.organisation.wishes.senders():
        return 0
    until = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    until = until if until <= now else until - timedelta(days=1)
    with store.read() as tx:
        if _since(tx.state.get(STATE_KEY), until) >= until:
            return 0
    with store.write() as tx:
        since = _since(tx.state.take(STATE_KEY, now), until)
        if since >= until:
            return 0
        rows = [row for row in tx.inbox.list("quarantined", MOST_READ, since=since) if is_reviewed(row.reason)]
        mails = list(_mails(desk, [row for row in rows if row.envelope.received_at < until], until)) if rows else []
        if tx.outbox.add_many(mails, now):
            tx.wake("outbox")
        tx.state.set(STATE_KEY, until.isoformat(), now)
    return len(rows)


def _since(state: object, until: datetime) -> datetime:
    return datetime.fromisoformat(state) if isinstance(state, str) else until - timedelta(days=1)


def _mails(desk: Desk, rows: list[InboxRow], until: datetime) -> list[Notification]:
    if not rows:
        return []
    organisation = desk.organisation
    team = organisation.teams[organisation.default_team]
    about = SpamReview(count=len(rows), rows=tuple(map(_row, rows[:MOST_LISTED])), more=max(0, len(rows) - MOST_LISTED) or None)
    key, address = f"{until:%Y%m%d}", desk.config.desk.address
    told = (agent_notification(boss, EVENT, key, about, address) for boss in managers_of(team, organisation, until))
    return [replace(one, audience=Audience.MANAGER) for one in told]


def _row(row: InboxRow) -> HeldSpamRow:
    name, by, subject = held_by(row.reason)
    sender = " ".join((row.envelope.mail_from or "").split())
    why = ", ".join(filter(None, (name, by)))
    return HeldSpamRow(id=row.id, sender=sender, subject=subject, reason=why, at=row.envelope.received_at, line=f"#notspam {row.id}")
