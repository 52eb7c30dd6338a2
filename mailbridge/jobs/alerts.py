"""Sends the alerts of clocks: one mail for each recipient, for any number of tickets.

The sweep holds every alert at least until it has fired everything that is due.  Of several alerts about one ticket, the worst is sent as
it is.  Alerts about several tickets become a digest: after a downtime, at the start of working hours, or if many tickets are unclaimed.
An alert that is obsolete when it is due is suppressed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from mailbridge.execution.bundling import DIGEST, TOLD
from mailbridge.execution.desk import Desk
from mailbridge.execution.open_targets import is_kept
from mailbridge.execution.ticket_rows import ticket_cells
from mailbridge.jobs.attempts import Item, alone, key_of
from mailbridge.jobs.bundles import MOST_ROWS, in_one_mail, is_hidden
from mailbridge.notifications.events.alerts import ALERTS
from mailbridge.notifications.model import Class, Notification, Queued
from mailbridge.notifications.payloads.agents import AlertDigest, AlertRow
from mailbridge.notifications.payloads.tickets import Alert, LevelReached, RuleActed
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx
from mailbridge.tickets.model import Ticket

STATE_KEY = "alerts"
OVER = "nobody needs this alert any more"
_SEVERITY = ("overdue", "due", "soon", "unclaimed", "silent", "rule")  # the worst first: a ticket has one row in a digest


def notify_alerts(store: Store, desk: Desk, now: datetime) -> int:
    """Sends the held alerts that are due.  Returns the number of mails."""
    with store.read() as tx:
        if not tx.outbox.held_due(now, ALERTS):
            return 0
    with store.write() as tx:
        tx.state.take(STATE_KEY, now)  # locks the row: no other transaction sends the same alerts
        found = tx.outbox.held_due(now, ALERTS)
        tickets = {ticket.id: ticket for ticket in tx.tickets.get_many({one.notification.ticket or 0 for one in found})}
        groups: dict[str, list[Queued]] = {}
        for one in found:
            groups.setdefault(one.notification.recipient.lower(), []).append(one)
        waiting = tx.job_failures.waiting(STATE_KEY, now)
        items = {recipient: Item(job=STATE_KEY, key=key_of(recipient), about=_about(group[0])) for recipient, group in groups.items()}
        todo = {recipient: group for recipient, group in groups.items() if items[recipient].key not in waiting}
        sent = sum(alone(tx, items[one], now, partial(_notify, tx, group, tickets, desk, now)) or 0 for one, group in todo.items())
        tx.job_failures.forget_retried(STATE_KEY, now)
        tx.state.set(STATE_KEY, now.isoformat(), now)
        tx.wake("outbox")
    return sent


def _about(one: Queued) -> str:
    return f"alerts to {one.notification.name or one.notification.audience}"


def _notify(tx: Tx, group: Sequence[Queued], tickets: dict[int, Ticket], desk: Desk, now: datetime) -> int:
    """Sends the alerts of one recipient.  Returns the number of mails."""
    shown = [one for one in group if is_wanted(tx, one, tickets.get(one.notification.ticket or 0), desk, now)]
    by_ticket: dict[int, list[Queued]] = {}
    for one in shown:
        by_ticket.setdefault(one.notification.ticket or 0, []).append(one)
    numbers = list(by_ticket)
    if len(numbers) <= 1:
        return _worst(tx, shown, now)
    for start in range(0, len(numbers), MOST_ROWS):
        batch = numbers[start : start + MOST_ROWS]
        listed = [one for number in batch for one in by_ticket[number]]
        rows = [_row(tickets[number], by_ticket[number], desk, now) for number in batch]
        digest = _digest(listed, rows, desk)
        tx.outbox.add_many([digest], now)
        for one in listed:
            tx.outbox.suppress(one.id, f"{TOLD}{digest.key}", now)
    return -(-len(numbers) // MOST_ROWS)


def _worst(tx: Tx, alerts: Sequence[Queued], now: datetime) -> int:
    """Sends the worst of the alerts about one ticket as it is.  Returns the number of mails."""
    if not alerts:
        return 0
    worst = min(alerts, key=lambda one: _SEVERITY.index(_kind(one, now)[0]))
    for one in alerts:
        if one is not worst:
            tx.outbox.suppress(one.id, f"{TOLD}{worst.notification.key}", now)
    return int(tx.outbox.let_go(worst.id, now))


def is_wanted(tx: Tx, one: Queued, ticket: Ticket | None, desk: Desk, now: datetime) -> bool:
    """Whether the recipient may see the ticket and the alert is not obsolete.  If not, the alert is suppressed."""
    if is_hidden(tx, one, ticket, desk, now) or ticket is None:
        return False
    if one.created_at < now and _is_over(tx, one, ticket, desk):
        tx.outbox.suppress(one.id, OVER, now)
        return False
    return True


def _is_over(tx: Tx, one: Queued, ticket: Ticket, desk: Desk) -> bool:
    """Whether the alert is obsolete: since it was raised the ticket was closed or assigned, or its target was met."""
    if ticket.closed_at is not None:
        return True
    payload = one.notification.payload
    return isinstance(payload, Alert | LevelReached) and is_kept(tx, ticket, payload.promise, desk.organisation)


def _digest(listed: Sequence[Queued], rows: Sequence[AlertRow], desk: Desk) -> Notification:
    def count(*kinds: str) -> int | None:
        return sum(row.alert in kinds for row in rows) or None

    payload = AlertDigest(
        count=len(rows), overdue=count("overdue"), unclaimed=count("unclaimed"), silent=count("silent"), rows=tuple(rows)
    )
    return replace(in_one_mail(listed, DIGEST, payload, desk), class_=Class.REMINDER)


def _row(ticket: Ticket, alerts: Sequence[Queued], desk: Desk, now: datetime) -> AlertRow:
    """The ticket with the worst of its alerts."""
    first = alerts[0].notification
    kind, promise, due = min((_kind(one, now) for one in alerts), key=lambda kind: _SEVERITY.index(kind[0]))
    return AlertRow(
        **ticket_cells(ticket, first.recipient, first.language, desk),
        alert=kind,
        promise=promise,
        due=due,
    )


def _kind(one: Queued, now: datetime) -> tuple[str, str, datetime]:
    """The values of a row: one of _SEVERITY, the target, and the time since or until which it applies."""
    payload = one.notification.payload
    if isinstance(payload, LevelReached):
        return ("overdue" if payload.due_at <= now else "soon"), payload.promise, payload.due_at
    if isinstance(payload, Alert):
        kind = "soon" if one.notification.event == "warning" else one.notification.event
        return kind, payload.promise, payload.due_at
    return "rule", payload.rule if isinstance(payload, RuleActed) else "", one.created_at
