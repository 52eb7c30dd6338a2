"""Sends what notifications.yaml collects: what happened on a ticket within some time, and what waits for an agent's digest.

Each notification is a row of the outbox that is held until its time, so nothing is kept in memory.  One mail tells all of them; the rows
of the others say in which mail they were told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import groupby

from mailbridge.execution.bundling import TOLD
from mailbridge.execution.desk import Desk
from mailbridge.execution.ticket_rows import ticket_cells
from mailbridge.jobs.alerts import is_wanted
from mailbridge.jobs.attempts import Item, alone, key_of
from mailbridge.jobs.bundles import MOST_ROWS, in_one_mail, is_hidden
from mailbridge.notifications.events.alerts import ALERTS
from mailbridge.notifications.model import Audience, Notification, Queued
from mailbridge.notifications.payloads.collected import Changes, Collected, CollectedRow, StepRow
from mailbridge.notifications.payloads.model import Payload
from mailbridge.notifications.payloads.tickets import Estimated, HoursNews, OtherTicket
from mailbridge.notifications.summary import length
from mailbridge.store.engine import Store
from mailbridge.store.tables.outgoing import QUIET
from mailbridge.store.tx import Tx
from mailbridge.tickets.model import Ticket

STATE_KEY = "collected"
CHANGES, EVENT = "changes", "collected"


def notify_collected(store: Store, desk: Desk, now: datetime) -> int:
    """Sends the collected notifications whose time has come.  Returns the number of mails."""
    with store.read() as tx:
        if not tx.outbox.collected(now):
            return 0
    with store.write() as tx:
        tx.state.take(STATE_KEY, now)  # locks the row: no other transaction sends the same
        found = tx.outbox.collected(now)
        tickets = {ticket.id: ticket for ticket in tx.tickets.get_many({one.notification.ticket or 0 for one in found})}
        waiting, sent = tx.job_failures.waiting(STATE_KEY, now), 0
        for group in _groups(found):
            item = _item(group)
            if item.key not in waiting:
                sent += alone(tx, item, now, partial(_notify, tx, group, tickets, desk, now)) or 0
        tx.job_failures.forget_retried(STATE_KEY, now)
        tx.state.set(STATE_KEY, now.isoformat(), now)
        tx.wake("outbox")
    return sent


def _is_wanted(tx: Tx, one: Queued, tickets: Mapping[int, Ticket], desk: Desk, now: datetime) -> bool:
    """Whether it is still to be told: the recipient may see the ticket, and an alert is not obsolete.  If not, it is suppressed."""
    ticket = tickets.get(one.notification.ticket or 0)
    if one.notification.event in ALERTS:
        return is_wanted(tx, one, ticket, desk, now)
    return not is_hidden(tx, one, ticket, desk, now)


def _groups(found: Sequence[Queued]) -> Iterable[list[Queued]]:
    """What is told together: of quiet times what is about one ticket for one recipient, of digests what is for one recipient."""

    def key(one: Queued) -> tuple[str, str, str, int]:
        about = one.notification
        return about.recipient.lower(), about.audience, one.error, (about.ticket or 0) if one.error == QUIET else 0

    for _, group in groupby(sorted(found, key=lambda one: (key(one), one.id)), key=key):
        yield list(group)


def _item(group: Sequence[Queued]) -> Item:
    first = group[0].notification
    return Item(job=STATE_KEY, key=key_of(first.recipient), about=f"collected notifications to {first.name or first.audience}")


def _notify(tx: Tx, group: Sequence[Queued], tickets: Mapping[int, Ticket], desk: Desk, now: datetime) -> int:
    """Sends what is told together.  Returns the number of mails."""
    wanted = [one for one in group if _is_wanted(tx, one, tickets, desk, now)]
    if not wanted:
        return 0
    return _quiet(tx, wanted, now) if wanted[0].error == QUIET else _digest(tx, wanted, tickets, desk, now)


def _quiet(tx: Tx, group: Sequence[Queued], now: datetime) -> int:
    """One mail about one ticket: what it is about as it is, where it is one thing; else a list with the state of now."""
    last = group[-1]
    if len(group) == 1 or last.notification.audience is Audience.MANAGER:
        sent = tx.outbox.let_go(last.id, now)
    else:
        rows = tuple(_step(one) for one in group)
        text = next((one.notification.mail for one in reversed(group) if one.notification.mail is not None), None)
        changes = replace(last.notification, event=CHANGES, template="", mail=text, payload=Changes(count=len(rows), rows=rows))
        sent = tx.outbox.let_go_as(last.id, changes, now)
    for one in group[:-1]:
        tx.outbox.suppress(one.id, f"{TOLD}{last.notification.key}", now)
    return int(sent)


def _step(one: Queued) -> StepRow:
    about = one.notification
    return StepRow(step=about.event, at=one.created_at, author=_author(about), detail=_detail(about.payload))


def _detail(payload: Payload | None) -> str:
    """What the single mail would say besides that it happened."""
    match payload:
        case Estimated(minutes=minutes):
            return length(minutes)
        case OtherTicket(other=other):
            return other
        case HoursNews(left=left, over=over):
            return f"-{over}" if over and over != "0 min" else left
    return ""


def _author(notification: Notification) -> str:
    """Who did it, as the single mail would say; customers are not told each name."""
    if notification.audience is Audience.CUSTOMER:
        return ""
    author = getattr(notification.payload, "author", "")
    return author if isinstance(author, str) else ""


def _digest(tx: Tx, group: Sequence[Queued], tickets: Mapping[int, Ticket], desk: Desk, now: datetime) -> int:
    """One mail about all tickets; a single thing is told as it is."""
    by_ticket: dict[int, list[Queued]] = {}
    for one in group:
        by_ticket.setdefault(one.notification.ticket or 0, []).append(one)
    if len(by_ticket) == 1:
        return _quiet(tx, group, now)
    shown = list(by_ticket)[:MOST_ROWS]
    rows = tuple(_row(tickets[number], by_ticket[number], desk) for number in shown)
    mail = in_one_mail(group, EVENT, Collected(count=len(by_ticket), rows=rows, more=len(by_ticket) - len(shown) or None), desk)
    tx.outbox.add_many([mail], now)
    for one in group:
        tx.outbox.suppress(one.id, f"{TOLD}{mail.key}", now)
    return 1


def _row(ticket: Ticket, group: Sequence[Queued], desk: Desk) -> CollectedRow:
    first = group[0].notification
    return CollectedRow(
        **ticket_cells(ticket, first.recipient, first.language, desk),
        steps=" ".join(dict.fromkeys(one.notification.event for one in group)),
    )
