"""The morning digest: an agent's plans, and the state of the tickets that the agent is assigned or follows.

Each agent gets at most one a day, at the agent's hour in the agent's zone, on the agent's working days.  The state row has by agent the
last day that was handled, also if the digest was empty.  It is written in the transaction of the mails, so that neither a restart, a second
daemon nor the end of daylight saving time causes a second digest.  A digest that was missed while nothing ran is sent later on that day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from mailbridge.conversation.tokens import Purpose
from mailbridge.customers.following import followed, followers, watches
from mailbridge.customers.model import Customer
from mailbridge.errors import StoreAway
from mailbridge.execution.agenda_rows import agenda_rows
from mailbridge.execution.desk import Desk
from mailbridge.execution.hour_banks import left_in
from mailbridge.execution.open_targets import open_targets_of
from mailbridge.execution.subscriptions import DIGEST, stop_address
from mailbridge.execution.ticket_rows import requester_name, ticket_cells
from mailbridge.ids import ticket_number
from mailbridge.jobs.attempts import Item, failed
from mailbridge.notifications.compose import agent_notification
from mailbridge.notifications.model import Notification
from mailbridge.notifications.payloads.agents import TicketRow
from mailbridge.notifications.payloads.digest import ChangedRow, Digest, HoursRow
from mailbridge.notifications.recipients import Recipient
from mailbridge.notifications.summary import Viewer, length, summaries
from mailbridge.notifications.summary_model import Summary
from mailbridge.ops import log as logs
from mailbridge.organisation import transitions
from mailbridge.organisation.availability import midnight
from mailbridge.organisation.digests import DigestReader, due_readers
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.hours.planning import banks_of
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.permissions import sees

log = logs.get("digests")

STATE_KEY = "digests"
EVENT = "digest"
MOST_ROWS = 30  # in each list
MOST_CHANGES = 4  # the latest of each ticket
SINCE = timedelta(days=1)  # period of changes in the first digest
LONGEST = timedelta(days=7)

Told = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A ticket that the reader is assigned (`own`), or follows for a customer."""

    ticket: Ticket
    own: bool


def notify_digests(store: Store, desk: Desk, now: datetime) -> int:
    """Sends the digests that are due.  Returns their number.  Their content is read before the transaction that records them."""
    with store.read() as tx:
        told = _known(tx.state.get(STATE_KEY))
        readers = due_readers(desk.organisation, _days(told), now)
        if not readers:
            return 0
        waiting = tx.job_failures.waiting(STATE_KEY, now)
        readers = tuple(one for one in readers if one.agent.name not in waiting)
        found = _tickets(tx, desk, readers, {one.agent.name: _since(one.agent.name, told, now) for one in readers})
        digests, errors = dict[str, Digest | None](), dict[str, Exception]()
        for one in readers:
            name = one.agent.name
            try:
                digests[name] = _digest(tx, desk, one, found[name], _since(name, told, now), now)
            except StoreAway:
                raise
            except Exception as error:  # one agent's digest must not block those of the others
                log.exception("digest_failed", agent=name)
                errors[name] = error
    with store.write() as tx:
        tx.job_failures.forget_retried(STATE_KEY, now)
        for name, why in errors.items():
            failed(tx, Item(job=STATE_KEY, key=name, about=f"digest of {name}"), why, now)
        told = _known(tx.state.take(STATE_KEY, now))
        still = due_readers(desk.organisation, _days(told), now)
        mails = [_mail(one, digest, desk) for one in still if (digest := digests.get(one.agent.name)) is not None]
        sent = tx.outbox.add_many(mails, now)
        if sent:
            tx.wake("outbox")
        new = {one.agent.name: {"day": one.day.isoformat(), "at": now.isoformat()} for one in still if one.agent.name in digests}
        tx.state.set(STATE_KEY, {**told, **new}, now)
    return sent


def _known(state: object) -> Told:
    return state if isinstance(state, dict) else {}


def _days(told: Told) -> Mapping[str, date]:
    return {name: date.fromisoformat(one["day"]) for name, one in told.items()}


def _since(name: str, told: Told, now: datetime) -> datetime:
    last = datetime.fromisoformat(told[name]["at"]) if name in told else now - SINCE
    return max(last, now - LONGEST)


def _tickets(
    tx: Tx, desk: Desk, readers: Sequence[DigestReader], since: Mapping[str, datetime]
) -> Mapping[str, list[Followed]]:
    """By reader, the visible tickets that are open or were closed since the previous digest."""
    customers, names = desk.policy.rules.customers, frozenset(name for one in readers for name in one.names)
    of_whom = followed(customers, names)
    wanted: dict[int, Customer | None] = {}
    if of_whom:
        for number, requester in tx.tickets.requesters(closed_since=min(since.values())):
            customer = customers.of(requester) if requester else None
            if customer is not None and customer.name in of_whom:
                wanted[number] = customer
    for name in names:
        for ticket in tx.tickets.find(assignee=name, open=True, limit=500):
            wanted.setdefault(ticket.id, None)
    found: dict[str, list[Followed]] = {one.agent.name: [] for one in readers}
    of_name: dict[str, list[DigestReader]] = {}
    for one in readers:
        for name in one.names:
            of_name.setdefault(name, []).append(one)
    for ticket in tx.tickets.get_many(wanted):
        customer = wanted[ticket.id]
        follow = followers(customer, dict(ticket.fields)) if customer else frozenset()
        concerned = {one.agent.name: one for name in (*follow, ticket.assignee) for one in of_name.get(name, ())}
        for name, one in concerned.items():
            if ticket.merged_into is None and sees(name, ticket, desk.organisation):
                found[name].append(Followed(ticket=ticket, own=not one.names & follow))
    return found


def _digest(tx: Tx, desk: Desk, reader: DigestReader, found: Sequence[Followed], since: datetime, now: datetime) -> Digest | None:
    """The content of the reader's digest; None if it is empty."""
    plans = [
        one for name in sorted(reader.names) for one in tx.agenda.between(midnight(reader.day, reader.zone), reader.ends, name)
        if not one.done
    ]  # fmt: skip
    open_ = [one.ticket for one in found if one.ticket.closed_at is None]
    late, today, waiting = _sorted(tx, desk, open_, reader, now)
    changed = list(_changed(tx, desk, reader, [one.ticket for one in found], since))
    told = {row.number for rows in (late, today, waiting, changed) for row in rows}
    prefix = desk.config.desk.prefix
    followed_ones = {ticket_number(prefix, one.ticket.id) for one in found if not one.own}
    if not plans and not (told if reader.agent.digest_of_own else told & followed_ones):
        return None
    lists = (late, today, waiting, changed)
    return Digest(
        day=reader.day,
        away=tuple(desk.organisation.agents[name].title for name in reader.away),
        plans=agenda_rows(tx, desk, sorted(plans, key=lambda one: one.begins), reader=reader.agent.name),
        late=tuple(_addressed(row, reader, desk) for row in late[:MOST_ROWS]),
        today=tuple(_addressed(row, reader, desk) for row in today[:MOST_ROWS]),
        waiting=tuple(_addressed(row, reader, desk) for row in waiting[:MOST_ROWS]),
        changed=tuple(changed[:MOST_ROWS]),
        hours=tuple(_hours(tx, desk, reader, now)),
        more=sum(max(0, len(rows) - MOST_ROWS) for rows in lists) or None,
        stop=stop_address(desk.signer, DIGEST, reader.agent),
    )


def _sorted(
    tx: Tx, desk: Desk, tickets: Iterable[Ticket], reader: DigestReader, now: datetime
) -> tuple[list[TicketRow], list[TicketRow], list[TicketRow]]:
    """The open tickets in three lists: overdue, due before the end of the day, waiting.  Each is in the first list that applies."""
    late, today, waiting = list[TicketRow](), list[TicketRow](), list[TicketRow]()
    shown = list(tickets)
    targets = open_targets_of(tx, shown, desk.organisation)
    for ticket in shown:
        moments = [one.at for one in targets[ticket.id].values()]
        moments += [ticket.due_at] if ticket.due_at else []
        first = min(moments, default=None)
        waits = transitions.status(ticket.status, desk.organisation).waiting
        if first is not None and first <= now:
            late.append(_row(ticket, first, reader, desk))
        elif waits:
            waiting.append(_row(ticket, first, reader, desk))
        elif first is not None and first < reader.ends:
            today.append(_row(ticket, first, reader, desk))
    for rows in (late, today):
        rows.sort(key=lambda row: row.due or now)
    return late, today, waiting


def _row(ticket: Ticket, due: datetime | None, reader: DigestReader, desk: Desk) -> TicketRow:
    return TicketRow(**ticket_cells(ticket, "", reader.agent.language, desk), due=due)


def _addressed(row: TicketRow, reader: DigestReader, desk: Desk) -> TicketRow:
    """The row with the signed address to which this reader's commands for the ticket are sent."""
    number = int(row.number.rpartition("-")[2])
    address = desk.signer.reply_address(number, reader.agent.address, Purpose.AGENT)
    return replace(row, address=address)


def _listed(summary: Summary) -> Summary:
    """As it reads below the number and the requester of the ticket."""
    return replace(summary, variant="listed") if summary.key == "opened" else summary


def _changed(tx: Tx, desk: Desk, reader: DigestReader, tickets: Iterable[Ticket], since: datetime) -> Iterator[ChangedRow]:
    """The tickets that others changed since `since`, with the latest changes."""
    me = Actor(kind=ActorKind.AGENT, name=reader.agent.name)
    language = reader.agent.language or desk.config.desk.language
    viewer = Viewer(me=me.name, organisation=desk.organisation, prefix=desk.config.desk.prefix, language=language)
    for ticket in sorted((one for one in tickets if one.updated_at >= since), key=lambda one: one.updated_at, reverse=True):
        events = [event for event in tx.events.of_ticket(ticket.id) if event.at >= since and event.actor != me]
        happened: tuple[Summary, ...] = summaries(events, _on(viewer, ticket), messages=True)
        if happened:
            yield ChangedRow(
                number=ticket_number(desk.config.desk.prefix, ticket.id),
                address=desk.signer.reply_address(ticket.id, reader.agent.address, Purpose.AGENT),
                subject=" ".join(ticket.subject.split()),
                requester=requester_name(ticket),
                happened=tuple(_listed(one) for one in happened[-MOST_CHANGES:]),
            )


def _on(viewer: Viewer, ticket: Ticket) -> Viewer:
    return replace(viewer, ticket=ticket.id)


def _hours(tx: Tx, desk: Desk, reader: DigestReader, now: datetime) -> Iterator[HoursRow]:
    """The hours left in the banks for which the reader is responsible."""
    for customer in desk.policy.rules.customers.by_name.values():
        for bank in banks_of(customer):
            left = left_in(tx, bank, desk, now) if watches(customer, bank.contracts, reader.names) else None
            if left is not None:
                yield HoursRow(
                    customer=customer.title or customer.name,
                    bank=bank.name,
                    left=f"-{length(left.over // 60)}" if left.over else length(left.left // 60),
                    granted=length(left.granted // 60),
                    until=left.until.isoformat() if left.until else "",
                )


def _mail(reader: DigestReader, digest: Digest, desk: Desk) -> Notification:
    agent = reader.agent
    recipient = Recipient(address=agent.address, name=agent.title, language=agent.language)
    return agent_notification(recipient, EVENT, f"{agent.name}:{reader.day}", digest, desk.config.desk.address)
