"""The tickets as they are now.

A row holds the whole Ticket as JSON in `data`, and beside it, as columns, what somebody searches by.  One document instead of a
column a field, because the Ticket is folded from events anyway: a new field needs no migration and old rows read it as its default.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from mailbridge.store.dialects import CONTINUE_AT, NEXT_TICKET, insert_new
from mailbridge.store.documents import dump, load
from mailbridge.store.sql import Sql, Values
from mailbridge.store.tables.tickets import OPEN, clocks, participants, tickets
from mailbridge.tickets.model import Participant, Ticket

_GET = sa.select(tickets.c.data).where(tickets.c.id == sa.bindparam("ticket"))
_GET_MANY = sa.select(tickets.c.id, tickets.c.data).where(tickets.c.id.in_(sa.bindparam("tickets", expanding=True)))
_ADD = insert_new(tickets)
_SAVE = tickets.update().where(tickets.c.id == sa.bindparam("ticket"), tickets.c.version == sa.bindparam("expected"))
_ADD_PEOPLE = participants.insert()
_DELETE_PEOPLE = participants.delete().where(participants.c.ticket == sa.bindparam("of"))
_COUNTS = sa.select(tickets.c.status, sa.func.count()).group_by(tickets.c.status)
_LOAD = sa.select(tickets.c.assignee, sa.func.count()).where(OPEN).group_by(tickets.c.assignee)
_TEAM_LOAD = sa.select(tickets.c.team, sa.func.count()).where(OPEN).group_by(tickets.c.team)
_AWAKE = (
    sa.select(tickets.c.team, tickets.c.assignee, sa.func.count())
    .where(OPEN, sa.or_(tickets.c.snoozed_until.is_(None), tickets.c.snoozed_until <= sa.bindparam("now")))
    .group_by(tickets.c.team, tickets.c.assignee)
)
_OF_ADDRESS = (
    sa.select(tickets.c.data)
    .join(participants, participants.c.ticket == tickets.c.id)
    .where(participants.c.address == sa.bindparam("address"))
    .order_by(tickets.c.id.desc())
    .limit(sa.bindparam("most"))
)

# From the open tickets to their clocks, and not the other way: the clocks of years of closed tickets are many.
_passed = (
    sa.select(sa.func.min(clocks.c.due_at))
    .where(clocks.c.ticket == tickets.c.id, clocks.c.step.in_(["overdue", "due"]))
    .where(clocks.c.due_at <= sa.bindparam("now"), clocks.c.state != "stopped")
    .correlate(tickets)
    .scalar_subquery()
)
_OPEN_PASSED = sa.select(tickets.c.id, tickets.c.data, _passed.label("first")).where(OPEN).subquery("open_passed")
_OPEN_REQUESTERS = sa.select(tickets.c.id, tickets.c.requester).where(OPEN)
_CLOSED_BETWEEN = (
    sa.select(tickets.c.id)
    .where(tickets.c.closed_at > sa.bindparam("first"), tickets.c.closed_at <= sa.bindparam("last"))
    .order_by(tickets.c.id)
)
_CLOSED_REQUESTERS = sa.select(tickets.c.id, tickets.c.requester).where(tickets.c.closed_at >= sa.bindparam("after"))
_OPEN_AFTER = sa.select(tickets.c.id).where(OPEN, tickets.c.id > sa.bindparam("after")).order_by(tickets.c.id).limit(sa.bindparam("most"))
_LATE = (
    sa.select(_OPEN_PASSED.c.data)
    .where(_OPEN_PASSED.c.first.is_not(None))
    .order_by(_OPEN_PASSED.c.first, _OPEN_PASSED.c.id)
    .limit(sa.bindparam("most"))
)


class Tickets:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._people: dict[int, tuple[int, tuple[Participant, ...]]] = {}  # as they stand in the table, see _remember

    def reserve(self) -> int:
        """A number nobody else ever gets, for a ticket that is saved in this transaction.  Without the save it is lost (PostgreSQL)."""
        return int(self._sql.value(NEXT_TICKET))

    def continue_at(self, number: int) -> bool:
        """The next ticket gets this number.  False, and nothing changes, where this one or a higher one is used."""
        return self._sql.row(CONTINUE_AT, {"number": number}) is not None

    def save(self, ticket: Ticket, *, expected_version: int) -> bool:
        """The ticket stands as given, if it was at `expected_version` (0: it was not there).  False: somebody else changed it first."""
        values = _columns(ticket)
        if expected_version == 0:
            saved = self._sql.change(_ADD, {"id": ticket.id, **values}) == 1
        else:
            saved = self._sql.change(_SAVE, {"ticket": ticket.id, "expected": expected_version, **values}) == 1
        if saved:
            self._save_people(ticket, new=expected_version == 0)
        return saved

    def _save_people(self, ticket: Ticket, *, new: bool) -> None:
        if not new:
            if self._people.get(ticket.id) == (self._sql.undone, ticket.participants):
                return
            self._sql.change(_DELETE_PEOPLE, {"of": ticket.id})
        roles = {person.address.lower(): person.role for person in reversed(ticket.participants)}
        self._sql.change(_ADD_PEOPLE, [{"address": address, "ticket": ticket.id, "role": role} for address, role in roles.items()])
        self._remember(ticket)

    def get(self, id: int) -> Ticket | None:
        data = self._sql.value(_GET, {"ticket": id})
        return self._read(data) if data else None

    def get_many(self, ids: Iterable[int]) -> list[Ticket]:
        """The tickets that exist, in the order of the ids."""
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return []
        found = {row.id: row.data for row in self._sql.rows(_GET_MANY, {"tickets": wanted})}
        return [self._read(found[id]) for id in wanted if id in found]

    def surviving(self, id: int) -> Ticket | None:
        """The ticket, or where it was merged into another the one that goes on; None where there is none."""
        ticket, passed = self.get(id), {id}
        while ticket is not None and ticket.merged_into is not None and ticket.merged_into not in passed:
            passed.add(ticket.merged_into)
            ticket = self.get(ticket.merged_into)
        return ticket

    def open_after(self, ticket: int, limit: int) -> list[int]:
        """The numbers of the next open tickets."""
        return [row.id for row in self._sql.rows(_OPEN_AFTER, {"after": ticket, "most": limit})]

    def requesters(self, *, closed_since: datetime) -> list[tuple[int, str]]:
        """The numbers of all tickets that are open or were closed since this moment, each with its requester's address."""
        rows = [*self._sql.rows(_OPEN_REQUESTERS, {}), *self._sql.rows(_CLOSED_REQUESTERS, {"after": closed_since})]
        return [(row.id, row.requester) for row in rows]

    def closed_between(self, first: datetime, last: datetime) -> list[int]:
        """The numbers of the tickets that are closed since after `first`, up to `last`."""
        return [row.id for row in self._sql.rows(_CLOSED_BETWEEN, {"first": first, "last": last})]

    def open_requesters(self) -> list[tuple[int, str]]:
        """The number of each open ticket with the address of its requester."""
        return [(row.id, row.requester) for row in self._sql.rows(_OPEN_REQUESTERS, {})]

    def find(
        self,
        *,
        status: str | None = None,
        team: str | None = None,
        assignee: str | None = None,
        open: bool | None = None,
        awake_at: datetime | None = None,
        requester: str | None = None,
        text: str = "",
        limit: int = 50,
        offset: int = 0,
    ) -> list[Ticket]:
        """Tickets for which all given things are true, newest first.  `text` is in the subject or the requester's address, or is the
        ticket's number; `assignee` '' finds those that nobody took; `awake_at` leaves out those that sleep at that moment."""
        asked = {"status": status, "team": team, "assignee": assignee, "requester": requester and requester.lower()}
        where: list[sa.ColumnElement[bool] | sa.TextClause] = [
            tickets.c[name] == value for name, value in asked.items() if value is not None
        ]
        if open is not None:
            where.append(OPEN if open else tickets.c.open.is_(False))
        if awake_at is not None:
            where.append(sa.or_(tickets.c.snoozed_until.is_(None), tickets.c.snoozed_until <= awake_at))
        where += [_has_word(word) for word in text.split()]
        statement = sa.select(tickets.c.data).where(*where).order_by(tickets.c.id.desc()).limit(limit).offset(offset)
        return [self._read(row.data) for row in self._sql.rows(statement)]

    def late(self, now: datetime, limit: int = 500) -> list[Ticket]:
        """Open tickets of which some promised or chosen moment has passed, by the oldest such moment.  Whoever asks looks whether the
        promise still stands: one that was kept too late passed as well."""
        return [self._read(row.data) for row in self._sql.rows(_LATE, {"now": now, "most": limit})]

    def of_address(self, address: str, limit: int = 50) -> list[Ticket]:
        """Tickets that this address is a participant of, newest first."""
        return [self._read(row.data) for row in self._sql.rows(_OF_ADDRESS, {"address": address.lower(), "most": limit})]

    def counts(self) -> dict[str, int]:
        """Status -> how many tickets."""
        return {row[0]: row[1] for row in self._sql.rows(_COUNTS)}

    def load(self) -> dict[str, int]:
        """Agent's name -> how many open tickets are theirs; '' are those that nobody took."""
        return {row[0]: row[1] for row in self._sql.rows(_LOAD)}

    def awake_counts(self, now: datetime) -> dict[tuple[str, str], int]:
        """(Team, assignee) -> how many open tickets do not sleep at this moment; '' is nobody."""
        return {(row[0], row[1]): row[2] for row in self._sql.rows(_AWAKE, {"now": now})}

    def team_load(self) -> dict[str, int]:
        """Team -> how many open tickets are theirs."""
        return {row[0]: row[1] for row in self._sql.rows(_TEAM_LOAD)}

    def _read(self, data: str) -> Ticket:
        ticket = load(data, Ticket)
        self._remember(ticket)
        return ticket

    def _remember(self, ticket: Ticket) -> None:
        """Who is on the ticket in the table.  Most mails change nobody, and then their table need not be touched."""
        self._people[ticket.id] = (self._sql.undone, ticket.participants)


def _columns(ticket: Ticket) -> Values:
    requester = ticket.requester
    return {
        "version": ticket.version,
        "status": ticket.status,
        "open": ticket.closed_at is None,
        "priority": ticket.priority,
        "team": ticket.team,
        "assignee": ticket.assignee,
        "requester": requester.address.lower() if requester else "",
        "subject": ticket.subject,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "closed_at": ticket.closed_at,
        "snoozed_until": ticket.snoozed_until,
        "data": dump(ticket),
    }


def _has_word(word: str) -> sa.ColumnElement[bool]:
    pattern = "%" + word.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    number = word.lstrip("#").rpartition("-")[2]
    columns = (tickets.c.subject, tickets.c.requester)
    hits: list[sa.ColumnElement[bool]] = [sa.func.lower(column).like(pattern, escape="\\") for column in columns]
    if number.isascii() and number.isdigit() and len(number) <= 12:
        hits.append(tickets.c.id == int(number))
    return sa.or_(*hits)
