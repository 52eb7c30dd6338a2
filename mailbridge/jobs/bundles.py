"""Sends held notifications to agents: one mail for each recipient and team lists the tickets of a backlog or burst, with mail links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from mailbridge.execution.bundling import TOLD
from mailbridge.execution.desk import Desk
from mailbridge.execution.ticket_rows import ticket_cells
from mailbridge.jobs.attempts import Item, alone, key_of
from mailbridge.notifications.compose import agent_notification
from mailbridge.notifications.events.alerts import ALERTS
from mailbridge.notifications.limits import RECEIPTS, Suppressed, hidden
from mailbridge.notifications.model import Notification, Queued
from mailbridge.notifications.payloads.agents import Bundle, TicketRow
from mailbridge.notifications.payloads.model import Payload
from mailbridge.notifications.recipients import Recipient, team_of
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx
from mailbridge.tickets.model import Ticket

STATE_KEY = "bundles"
APART = (*ALERTS, *RECEIPTS)  # combined by jobs of their own
MOST_ROWS = 100  # tickets in one mail; the rest is sent in further mails
LONGEST_WAIT = timedelta(minutes=5)  # how long to wait for the rest of a backlog


def notify_bundles(store: Store, desk: Desk, now: datetime) -> int:
    """Sends the held notifications that are due, one mail for each recipient and team.  Returns the number of mails.

    While mails wait in the inbox, it waits for the rest of the backlog, at most LONGEST_WAIT.  A single notification is sent as it is.
    """
    with store.read() as tx:
        if not tx.outbox.to_bundle(now, but=APART):
            return 0
    with store.write() as tx:
        tx.state.take(STATE_KEY, now)  # locks the row: no other transaction sends the same
        found = tx.outbox.to_bundle(now, but=APART)
        oldest = min((one.created_at for one in found), default=now)
        if tx.inbox.oldest() is not None and now - oldest < LONGEST_WAIT:
            return 0
        tickets = {ticket.id: ticket for ticket in tx.tickets.get_many({one.notification.ticket or 0 for one in found})}
        waiting, told = tx.job_failures.waiting(STATE_KEY, now), 0
        for group in _groups(found, tickets, desk):
            item = _item(group)
            if item.key not in waiting:
                told += alone(tx, item, now, partial(_notify, tx, group, tickets, desk, now)) or 0
        tx.job_failures.forget_retried(STATE_KEY, now)
        tx.state.set(STATE_KEY, now.isoformat(), now)
        tx.wake("outbox")
    return told


def _groups(found: Sequence[Queued], tickets: dict[int, Ticket], desk: Desk) -> Iterator[list[Queued]]:
    """The held notifications of each recipient and team."""
    groups: dict[tuple[str, str], list[Queued]] = {}
    for one in found:
        ticket = tickets.get(one.notification.ticket or 0)
        team = team_of(ticket, desk.organisation).name if ticket else ""
        groups.setdefault((one.notification.recipient.lower(), team), []).append(one)
    yield from groups.values()


def _item(group: Sequence[Queued]) -> Item:
    first = group[0].notification
    return Item(job=STATE_KEY, key=key_of(first.recipient), about=f"notifications to {first.name or first.audience}")


def _notify(tx: Tx, group: Sequence[Queued], tickets: dict[int, Ticket], desk: Desk, now: datetime) -> int:
    """Sends the held notifications of one recipient and team.  Returns the number of mails."""
    shown = [one for one in group if not is_hidden(tx, one, tickets.get(one.notification.ticket or 0), desk, now)]
    by_ticket: dict[int, list[Queued]] = {}
    for one in shown:
        by_ticket.setdefault(one.notification.ticket or 0, []).append(one)
    if len(by_ticket) <= 1:
        return sum(tx.outbox.let_go(one.id, now) for one in shown)
    mails = 0
    for start in range(0, len(by_ticket), MOST_ROWS):
        numbers = list(by_ticket)[start : start + MOST_ROWS]
        listed = [one for number in numbers for one in by_ticket[number]]
        rows = [_row(tickets[number], listed[0], desk) for number in numbers]
        bundle = _bundle(listed, rows, tickets[numbers[0]], desk)
        tx.outbox.add_many([bundle], now)
        for one in listed:
            tx.outbox.suppress(one.id, f"{TOLD}{bundle.key}", now)
        mails += 1
    return mails


def is_hidden(tx: Tx, one: Queued, ticket: Ticket | None, desk: Desk, now: datetime) -> bool:
    """Suppresses the notification if the ticket is gone or the recipient may not see it; whether it did."""
    kept_back = hidden(one.notification, ticket, desk.organisation) if ticket else Suppressed(reason="the ticket is gone")
    if kept_back is not None:
        tx.outbox.suppress(one.id, kept_back.reason, now)
    return kept_back is not None


def in_one_mail(listed: Sequence[Queued], event: str, payload: Payload, desk: Desk) -> Notification:
    """The mail that takes the place of these notifications to one person."""
    first = listed[0].notification
    recipient = Recipient(address=first.recipient, name=first.name, language=first.language)
    return agent_notification(recipient, event, f"{listed[0].id}-{listed[-1].id}", payload, desk.config.desk.address)


def _bundle(listed: Sequence[Queued], rows: Sequence[TicketRow], ticket: Ticket, desk: Desk) -> Notification:
    opened = sum(one.notification.event == "new" for one in listed)
    team, others = team_of(ticket, desk.organisation).title, len(listed) - opened
    bundle = Bundle(team=team, count=len(rows), opened=opened or None, replied=others or None, rows=tuple(rows))
    return in_one_mail(listed, "bundle", bundle, desk)


def _row(ticket: Ticket, one: Queued, desk: Desk) -> TicketRow:
    """A row as in `agent.list`, without the due time."""
    return TicketRow(**ticket_cells(ticket, one.notification.recipient, one.notification.language, desk))
