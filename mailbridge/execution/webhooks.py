"""Stores the webhook calls of a verdict, in the transaction of the ticket."""

from __future__ import annotations

from datetime import datetime

from mailbridge.notifications.webhooks import calls
from mailbridge.rules.verdict import Verdict
from mailbridge.store.tx import Tx
from mailbridge.tickets.model import Ticket


def queue_calls(tx: Tx, ticket: Ticket, verdict: Verdict, *, mail: int, event: str, prefix: str, now: datetime) -> None:
    """Adds a row for each address that a rule named.  Filing the same mail again adds none."""
    promised = calls(verdict, ticket, mail=mail, event=event, prefix=prefix, now=now)
    if promised and tx.webhooks.add_many(promised, now):
        tx.wake("webhooks")
