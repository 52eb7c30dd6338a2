"""The history of the tickets, append-only.  `kind` is the name of an event in `tickets.stored_events`, `data` its fields as JSON."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from mailbridge.errors import Permanent
from mailbridge.notifications.untold import NotTold
from mailbridge.store.documents import dump, dump_fields, load, load_fields
from mailbridge.store.sql import Row, Sql, Values
from mailbridge.store.tables.incoming import held
from mailbridge.store.tables.mails import mails
from mailbridge.store.tables.tickets import events
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.clock_history import CLOCK_EVENTS
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.stored_events import BY_CLASS, BY_NAME

_APPEND = events.insert()
_READ = [column for column in events.c if column.name != "untold"]  # explanations alone ask for that one
_OF_TICKET = sa.select(*_READ).where(events.c.ticket == sa.bindparam("ticket")).order_by(events.c.seq)
_FIRST = _OF_TICKET.limit(1)
_IS_HELD = sa.exists().where(held.c.inbox == mails.c.inbox).correlate(mails)
_OF_CLOCKS = (
    sa.select(*_READ, mails.c.received_at)
    .select_from(events.outerjoin(mails, sa.and_(mails.c.id == events.c.mail, ~_IS_HELD)))
    .where(events.c.ticket.in_(sa.bindparam("tickets", expanding=True)), events.c.kind.in_([BY_CLASS[what].name for what in CLOCK_EVENTS]))
    .order_by(events.c.ticket, events.c.seq)
)
_MESSAGE = "message_added"
_OF_MAIL = (
    sa.select(sa.func.min(events.c.seq))
    .where(events.c.ticket == sa.bindparam("ticket"), events.c.kind == _MESSAGE, events.c.mail == sa.bindparam("mail"))
    .scalar_subquery()
)
_MESSAGES = (events.c.ticket == sa.bindparam("ticket"), events.c.kind == _MESSAGE)
_MESSAGE_NUMBER = sa.select(sa.func.count()).where(*_MESSAGES, events.c.seq <= _OF_MAIL)
_NTH_MESSAGE = sa.select(events.c.mail).where(*_MESSAGES).order_by(events.c.seq).limit(1).offset(sa.bindparam("before"))
_UNTOLD = (
    sa.select(events.c.untold)
    .where(events.c.ticket == sa.bindparam("ticket"), events.c.untold.is_not(None))
    .order_by(events.c.seq)
)
_LAST = sa.select(sa.func.max(events.c.seq)).where(events.c.ticket == sa.bindparam("ticket"))


class Events:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def append(self, new: Sequence[Event], first_version: int, *, untold: Sequence[NotTold] = ()) -> None:
        """Appends the events with numbers from `first_version` on, and who was not told of them.  Raises Transient where another
        transaction used a number."""
        said = {first_version: dump(untold)} if untold else {}
        self._sql.change(_APPEND, [{**_columns(event, seq), "untold": said.get(seq)} for seq, event in enumerate(new, first_version)])

    def untold(self, ticket: int) -> list[NotTold]:
        """Who was not told of what happened on the ticket, oldest first."""
        rows = self._sql.rows(_UNTOLD, {"ticket": ticket})
        return [one for row in rows for one in load(row.untold, tuple[NotTold, ...])]

    def of_ticket(self, ticket: int) -> list[Event]:
        """The ticket's events, oldest first."""
        return [_event(row, _what(row)) for row in self._sql.rows(_OF_TICKET, {"ticket": ticket})]

    def first(self, ticket: int) -> Event | None:
        """The event that opened the ticket."""
        row = self._sql.row(_FIRST, {"ticket": ticket})
        return _event(row, _what(row)) if row else None

    def of_clocks(self, tickets: Collection[int]) -> tuple[dict[int, list[tuple[int, Event]]], dict[int, datetime]]:
        """By ticket the events that its clocks look at, oldest first, each with its number in the history; and when the mails came that
        caused them, as `Mails.received` says.  One statement: it is asked for every mail on a ticket."""
        found: dict[int, list[tuple[int, Event]]] = {}
        received: dict[int, datetime] = {}
        known: dict[tuple[str, str], TicketEvent] = {}  # most messages of a long ticket are stored as the same text, which is read once
        for row in self._sql.rows(_OF_CLOCKS, {"tickets": list(tickets)}) if tickets else ():
            what = known.get((row.kind, row.data)) or known.setdefault((row.kind, row.data), _what(row))
            found.setdefault(row.ticket, []).append((row.seq, _event(row, what)))
            if row.received_at is not None:
                received[row.mail] = row.received_at
        return found, received

    def last_version(self, ticket: int) -> int:
        """The number of the ticket's last event; 0 where there is none."""
        return int(self._sql.value(_LAST, {"ticket": ticket}) or 0)

    def message_number(self, ticket: int, mail: int) -> int:
        """The number of this mail among the messages of the ticket, from 1; 0 where it is none.  The history only grows, so numbers stay.
        """
        return int(self._sql.value(_MESSAGE_NUMBER, {"ticket": ticket, "mail": mail}) or 0)

    def message(self, ticket: int, number: int) -> int | None:
        """The mail with this message number, also where it moved to another ticket; None where there is none."""
        mail: int | None = self._sql.value(_NTH_MESSAGE, {"ticket": ticket, "before": number - 1}) if number > 0 else None
        return mail


def _columns(event: Event, seq: int) -> Values:
    stored = BY_CLASS[type(event.what)]
    return {
        "ticket": event.ticket,
        "seq": seq,
        "at": event.at,
        "actor_kind": event.actor.kind,
        "actor": event.actor.name,
        "kind": stored.name,
        "data": dump_fields(event.what, stored.stored_fields) if stored.stored_fields else dump(event.what),
        "mail": event.mail,
    }


def _what(row: Row) -> TicketEvent:
    stored = BY_NAME.get(row.kind)
    if stored is None:
        raise Permanent("an event that this program does not know; a newer one wrote it", kind=row.kind, ticket=row.ticket)
    what: type[TicketEvent] = stored.what
    return load_fields(row.data, what, stored.stored_fields) if stored.stored_fields else load(row.data, what)


def _event(row: Row, what: TicketEvent) -> Event:
    return Event(ticket=row.ticket, at=row.at, actor=Actor(kind=ActorKind(row.actor_kind), name=row.actor), what=what, mail=row.mail)
