"""Stores the webhook calls of rules and of levels, in the transaction of the ticket."""

from __future__ import annotations

from datetime import datetime

from mailbridge.notifications.webhooks import calls, level_calls, rule_calls
from mailbridge.rules.verdict import Verdict
from mailbridge.store.clocks import Due
from mailbridge.store.tx import Tx
from mailbridge.tickets.model import Ticket


def queue_calls(tx: Tx, ticket: Ticket, verdict: Verdict, *, mail: int, event: str, prefix: str, now: datetime) -> None:
    """Adds a row for each address that a rule named.  Filing the same mail again adds none."""
    promised = calls(verdict, ticket, mail=mail, event=event, prefix=prefix, now=now)
    if promised and tx.webhooks.add_many(promised, now):
        tx.wake("webhooks")


def queue_level_calls(tx: Tx, ticket: Ticket, urls: tuple[str, ...], due: Due, *, prefix: str, now: datetime) -> None:
    """Adds a row for each address that a level of a ladder names.  Each level of each run calls an address once."""
    at = due.deadline
    promised = level_calls(
        ticket, urls, promise=at.promise, step=at.step, reached_at=at.due_at, clock=due.id, prefix=prefix, now=now
    )
    if tx.webhooks.add_many(promised, now):
        tx.wake("webhooks")


def queue_rule_calls(tx: Tx, ticket: Ticket, verdict: Verdict, *, why: str, prefix: str, now: datetime) -> None:
    """Adds a row for each address that a rule by time named.  It acts once at a moment, so the moment is in the key."""
    if tx.webhooks.add_many(rule_calls(ticket, verdict, why=why, prefix=prefix, now=now), now):
        tx.wake("webhooks")
