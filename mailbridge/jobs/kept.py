"""What was kept on no ticket is listed to the admins once a day, each entry with a mail link that makes it a ticket.

The list also names mails in agents' names that wait for the agent's yes, a day, a week and a month after they came: they wait until
somebody decides, and an agent who does not answer must not be the only one who knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from mailbridge.conversation.marks import kept_code
from mailbridge.execution.desk import Desk
from mailbridge.handling.sender_limits import COUNTED_FOR
from mailbridge.notifications.compose import admin_notifications
from mailbridge.store.engine import Store
from mailbridge.store.held import HeldMail
from mailbridge.store.inbox_rows import KeptMail

STATE_KEY = "kept-list"
HOUR = 6  # UTC, before the day begins in Europe
MOST_LISTED = 100
MOST_COUNTED = 100_000
REMINDED_AFTER = (timedelta(days=1), timedelta(days=7), timedelta(days=30))


def list_kept(store: Store, desk: Desk, now: datetime) -> int:
    """The admins have the list of the last day, if it is time and there is anything to list; how many mails it names, without held ones.

    Whoever asks first on a day makes the list; it begins where the one before ended, so that no mail is left out or told twice.
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
            values = {
                "count": str(len(found)),
                "rows": _rows(found, admin, desk, now),
                "more": str(max(0, len(found) - MOST_LISTED) or ""),
                "waiting": str(len(held) or ""),
                "held": "\n".join(_held(mail) for mail in held[:MOST_LISTED]),
                "held_more": str(max(0, len(held) - MOST_LISTED) or ""),
            }
            tx.outbox.add_many(admin_notifications((admin,), "kept", f"{until:%Y%m%d}", values, config.address, config.language), now)
            tx.wake("outbox")
        tx.state.set(STATE_KEY, until.isoformat(), now)
    return len(found)


def _rows(found: Sequence[KeptMail], admin: str, desk: Desk, now: datetime) -> str:
    """Sender, subject, reason and the code of each, parted by tabs."""
    rows = [(one.sender, one.subject, one.reason, kept_code(desk.signer, one.mail, admin, now.date())) for one in found[:MOST_LISTED]]
    return "\n".join("\t".join(" ".join(cell.split()) for cell in row) for row in rows)


def _held(mail: HeldMail) -> str:
    """The mail's number for `mailbridge held`, the agent, the subject, and when it came, parted by tabs."""
    return "\t".join((str(mail.inbox), mail.agent, " ".join(mail.subject.split()), mail.came_at.isoformat()))
