"""Notifies agents and managers of due times that changed with the rules: one mail for each recipient, not for each ticket.

`jobs.recompute` collects the changes slice by slice.  The state row keeps them as plain values: by address the number of tickets and the
first of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from mailbridge.conversation.tokens import Purpose
from mailbridge.execution.desk import Desk
from mailbridge.ids import ticket_number
from mailbridge.notifications.compose import agent_notification
from mailbridge.notifications.model import Notification
from mailbridge.notifications.payloads.agents import DueTimeRow, DueTimesChanged
from mailbridge.notifications.recipients import Recipient, managers, responsible
from mailbridge.store.tx import Tx
from mailbridge.tickets.handlers.contracts import CONTRACT
from mailbridge.tickets.model import Ticket

EVENT = "due_times"
MOST_ROWS = 50  # tickets that one mail lists; the others are counted

Told = dict[str, dict[str, Any]]
Dues = Mapping[str, datetime]


def collected(told: Told, before: Ticket, after: Ticket, due_before: Dues, due: Dues, desk: Desk, now: datetime) -> Told:
    """`told`, with this ticket added if its contract or a future due time changed."""
    contracts = tuple(dict(ticket.fields).get(CONTRACT, "") for ticket in (before, after))
    moved = sorted(
        (target for target in {*due_before, *due} if due_before.get(target) != due.get(target)),
        key=lambda target: (min(one for one in (due.get(target), due_before.get(target)) if one), target),
    )
    if contracts[0] == contracts[1] and not moved:
        return told
    target = moved[0] if moved else ""
    row = [after.id, target, _text(due.get(target)), _text(due_before.get(target)), contracts[1], contracts[0]]
    found = dict(told)
    for one in _heard(after, desk, now):
        known = found.get(one.address.lower(), {"address": one.address, "name": one.name, "language": one.language, "count": 0, "rows": []})
        rows = [*known["rows"], row] if len(known["rows"]) < MOST_ROWS else known["rows"]
        found[one.address.lower()] = {**known, "count": known["count"] + 1, "rows": rows}
    return found


def notifications_of(tx: Tx, told: Told, key: str, desk: Desk) -> Iterator[Notification]:
    """One mail for each recipient.  `key` identifies the change."""
    tickets = {ticket.id: ticket for ticket in tx.tickets.get_many({row[0] for one in told.values() for row in one["rows"]})}
    for one in told.values():
        recipient = Recipient(address=one["address"], name=one["name"], language=one["language"])
        rows = tuple(_row(row, tickets[row[0]], recipient, desk) for row in one["rows"] if row[0] in tickets)
        changed = DueTimesChanged(count=one["count"], rows=rows, more=max(0, one["count"] - len(rows)) or None)
        yield agent_notification(recipient, EVENT, key, changed, desk.config.desk.address)


def _heard(ticket: Ticket, desk: Desk, now: datetime) -> tuple[Recipient, ...]:
    """The recipients: the assignee, else the managers of the ticket's team."""
    return (responsible if ticket.assignee else managers)(ticket, desk.organisation, now)


def _row(row: list[Any], ticket: Ticket, recipient: Recipient, desk: Desk) -> DueTimeRow:
    _, target, due, due_before, contract, contract_before = row
    return DueTimeRow(
        number=ticket_number(desk.config.desk.prefix, ticket.id),
        address=desk.signer.reply_address(ticket.id, recipient.address, Purpose.AGENT),
        subject=" ".join(ticket.subject.split()),
        target=target,
        due=datetime.fromisoformat(due) if due else None,
        due_before=datetime.fromisoformat(due_before) if due_before else None,
        contract=contract,
        contract_before=contract_before,
    )


def _text(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
