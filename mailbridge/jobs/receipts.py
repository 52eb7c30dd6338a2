"""Sends held acknowledgements: of the requests that one person sent within minutes, one mail with each number and topic.

The first acknowledgement of a person goes out at once, so these are of further requests.  Each is a held row of the outbox until this job
replaces them, in one transaction, by the row of the mail that lists them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from mailbridge.conversation.tokens import Purpose
from mailbridge.execution.bundling import TOLD
from mailbridge.execution.desk import Desk
from mailbridge.execution.notification_context import notification_context
from mailbridge.ids import ticket_number
from mailbridge.jobs.attempts import Item, alone
from mailbridge.notifications.compose import signed
from mailbridge.notifications.limits import RECEIPTS
from mailbridge.notifications.model import Notification, Queued
from mailbridge.notifications.payloads.tickets import Received, ReceivedTogether, RequestRow
from mailbridge.ops import crash
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx
from mailbridge.tickets.model import Ticket

STATE_KEY = "receipts"
TOGETHER = "received_together"
ANSWERED = "the request was answered before its acknowledgement went out"
MERGED = "the request was merged into another one of which this person has mail"
_SAY_MORE = frozenset({"answered", "closed"})  # mails to the customer after which an acknowledgement says nothing new

Group = Sequence[tuple[Queued, Ticket]]


def notify_receipts(store: Store, desk: Desk, now: datetime) -> int:
    """Sends the held acknowledgements that are due.  Returns the number of mails."""
    with store.read() as tx:
        if not tx.outbox.held_due(now, RECEIPTS):
            return 0
    with store.write() as tx:
        tx.state.take(STATE_KEY, now)  # locks the row: no other transaction sends the same
        found = [one for one in tx.outbox.held_due(now, RECEIPTS) if not _went_on(tx, one, desk, now)]
        waiting = tx.job_failures.waiting(STATE_KEY, now)
        sent = sum(_attempt(tx, group, desk, now) for group in _groups(tx, found, now) if _item(group).key not in waiting)
        tx.job_failures.forget_retried(STATE_KEY, now)
        tx.state.set(STATE_KEY, now.isoformat(), now)
        tx.wake("outbox")
        crash.point("receipts.before_commit")
    return sent


def _attempt(tx: Tx, group: Group, desk: Desk, now: datetime) -> int:
    """Sends the acknowledgement of one person.  One that raises holds up nobody else's."""
    return alone(tx, _item(group), now, partial(_notify, tx, group, desk, now)) or 0


def _item(group: Group) -> Item:
    first = group[0][0]
    return Item(job=STATE_KEY, key=str(first.id), about=f"the acknowledgement in row {first.id} of the outbox")


def _went_on(tx: Tx, one: Queued, desk: Desk, now: datetime) -> bool:
    """Whether the request was merged into another one.  The person who has no mail of that one gets the acknowledgement in its thread."""
    ticket = tx.tickets.get(one.notification.ticket or 0)
    survivor = tx.tickets.surviving(ticket.id) if ticket and ticket.merged_into is not None else None
    if survivor is None:
        return False
    to = one.notification.recipient.lower()
    if any(other.notification.recipient.lower() == to for other in tx.outbox.of_ticket(survivor.id)):
        tx.outbox.suppress(one.id, MERGED, now)
        return True
    moved = replace(one.notification, ticket=survivor.id, key=f"{one.notification.key}:{survivor.id}")
    mail = signed(moved, notification_context(tx, survivor, desk))
    tx.outbox.add_many([mail], now)
    tx.outbox.suppress(one.id, f"{TOLD}{mail.key}", now)
    return True


def _groups(tx: Tx, found: Sequence[Queued], now: datetime) -> Iterator[Group]:
    """By recipient.  Proven and unproven mails of one address are apart: the first may be of anybody, and its list has no topics."""
    tickets = {ticket.id: ticket for ticket in tx.tickets.get_many(one.notification.ticket or 0 for one in found)}
    groups: dict[tuple[str, bool, str, str], list[tuple[Queued, Ticket]]] = {}
    for one in found:
        ticket = tickets.get(one.notification.ticket or 0)
        if ticket is None or _is_answered(tx, one):
            tx.outbox.suppress(one.id, ANSWERED if ticket else "the ticket is gone", now)
        else:
            about = one.notification
            key = about.recipient.lower(), ticket.verified, about.language, about.sender
            groups.setdefault(key, []).append((one, ticket))
    yield from groups.values()


def _is_answered(tx: Tx, one: Queued) -> bool:
    """Whether a later mail about the request to this person says more."""
    to = one.notification.recipient.lower()
    later = (other.notification for other in tx.outbox.of_ticket(one.notification.ticket or 0) if other.id > one.id)
    return any(other.event in _SAY_MORE and other.recipient.lower() == to for other in later)


def _notify(tx: Tx, group: Group, desk: Desk, now: datetime) -> int:
    """A single acknowledgement goes out as it is."""
    if len(group) == 1:
        return int(tx.outbox.let_go(group[0][0].id, now))
    mail = _together(group, desk)
    tx.outbox.add_many([mail], now)
    for one, _ in group:
        tx.outbox.suppress(one.id, f"{TOLD}{mail.key}", now)
    return 1


def _together(group: Group, desk: Desk) -> Notification:
    """One mail for all of them, in the thread of the first: an answer to it goes to that request."""
    first, ticket = group[0][0].notification, group[0][1]
    key = f"{ticket.id}.{group[0][0].id}-{group[-1][0].id}.customer.{TOGETHER}:{first.recipient.lower()}"
    generation = dict(ticket.revoked).get(first.recipient.lower(), 0)
    known = next((one.notification.payload for one, _ in reversed(group) if isinstance(one.notification.payload, Received)), Received())
    rows = (_row(one, each, desk, is_first=number == 0) for number, (one, each) in enumerate(group))
    return replace(
        first,
        event=TOGETHER,
        key=key,
        message_id=desk.signer.message_id(ticket.id, first.recipient, Purpose.CUSTOMER, key, generation=generation, sender=first.sender),
        payload=ReceivedTogether(
            rows=tuple(rows), within=known.within, unit=known.unit, working=known.working, behind=known.behind
        ),
    )


def _row(one: Queued, ticket: Ticket, desk: Desk, *, is_first: bool) -> RequestRow:
    return RequestRow(
        number=ticket_number(desk.config.desk.prefix, ticket.id),
        address="" if is_first else one.notification.reply_to or "",
        subject=" ".join(ticket.subject.split()) if ticket.verified else "",
    )


