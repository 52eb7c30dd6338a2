"""Mails the administrators once a day a list of the mails kept without a ticket, each with a mail link that opens a ticket.

The list also names unproven mails in agents' names that wait for confirmation, a day, a week and a month after they came, so that not only
the agent knows of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from mailbridge.conversation.marks import kept_code
from mailbridge.execution.desk import Desk
from mailbridge.notifications.compose import admin_notifications
from mailbridge.notifications.payloads.admins import Kept, KeptRow, WaitingRow
from mailbridge.store.engine import Store
from mailbridge.store.held import HeldMail
from mailbridge.store.inbox_rows import KeptMail
from mailbridge.store.openings import COUNTED_FOR

STATE_KEY = "kept-list"
HOUR = 6  # o'clock UTC; before the working day in Europe
MOST_LISTED = 100
MOST_COUNTED = 100_000
REMINDED_AFTER = (timedelta(days=1), timedelta(days=7), timedelta(days=30))


def list_kept(store: Store, desk: Desk, now: datetime) -> int:
    """Sends the list of the last day if it is due and not empty.  Returns the number of listed mails, without held ones.

    The first transaction of a day makes the list.  It begins where the last one ended, so that each mail is listed once.
    """
    until = now.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    until = until if until <= now else until - timedelta(days=1)
    with store.read() as tx:
        before = tx.state.get(STATE_KEY)
    if before is not None and datetime.fromisoformat(before) >= until:
        return 0
    with store.write() as tx:
        before = tx.state.take(STATE_KEY, now)
        since = datetime.fromisoformat(before) if before else until - timedelta(days=1)
        if since >= until:
            return 0
        found = tx.inbox.kept(since, until)
        held = [mail for after in REMINDED_AFTER for mail in tx.held.came(since - after, until - after, MOST_COUNTED)]
        tx.openings.forget(now - COUNTED_FOR)
        for admin in desk.config.desk.admins if found or held else ():
            config = desk.config.desk
            about = Kept(
                count=len(found),
                rows=_rows(found, admin, desk, now),
                more=max(0, len(found) - MOST_LISTED) or None,
                waiting=len(held) or None,
                held=tuple(_held(mail) for mail in held[:MOST_LISTED]),
                held_more=max(0, len(held) - MOST_LISTED) or None,
            )
            tx.outbox.add_many(admin_notifications((admin,), "kept", f"{until:%Y%m%d}", about, config.address, config.language), now)
            tx.wake("outbox")
        tx.state.set(STATE_KEY, until.isoformat(), now)
    return len(found)


def _rows(found: Sequence[KeptMail], admin: str, desk: Desk, now: datetime) -> tuple[KeptRow, ...]:
    """The rows, each with the code that opens a ticket from the mail."""
    return tuple(
        KeptRow(
            sender=one.sender,
            subject=" ".join(one.subject.split()),
            reason=" ".join(one.reason.split()),
            code=kept_code(desk.signer, one.mail, admin, now.date()),
        )
        for one in found[:MOST_LISTED]
    )


def _held(mail: HeldMail) -> WaitingRow:
    return WaitingRow(id=mail.inbox, agent=mail.agent, subject=" ".join(mail.subject.split()), at=mail.came_at)
