"""Files of mails, found by name, ticket and customer (DK9).  Each content is stored once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import product

import sqlalchemy as sa

from mailbridge.message.search_words import words
from mailbridge.store import dialects
from mailbridge.store.search_terms import asked
from mailbridge.store.sql import Row, Sql
from mailbridge.store.tables.mails import attachments, mails
from mailbridge.store.tables.tickets import participants

_LOOKED_THROUGH = 2_000  # candidates from the search index; their names decide

_SHOWN = (
    attachments.c.id,
    attachments.c.mail,
    attachments.c.ticket,
    attachments.c.name,
    attachments.c.content_type,
    attachments.c.size,
    attachments.c.sha256,
    mails.c.sender,
    mails.c.received_at,
    mails.c.internal,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file and its mail.  `internal`: of an agent's internal note."""

    id: int
    mail: int
    ticket: int | None
    name: str
    content_type: str
    size: int
    sha256: str
    sender: str
    at: datetime
    internal: bool


def _statement(found: sa.CTE | None, *, of_ticket: bool, of_customer: bool) -> sa.Select[tuple[object, ...]]:
    statement = sa.select(*_SHOWN).join(mails, mails.c.id == attachments.c.mail).where(attachments.c.hidden.is_(False))
    if found is not None:
        statement = statement.join(found, found.c.mail == attachments.c.mail)
    if of_ticket:
        statement = statement.where(attachments.c.ticket == sa.bindparam("of"))
    if of_customer:
        customer: sa.BindParameter[str] = sa.bindparam("customer")
        theirs = sa.exists().where(participants.c.address == customer, participants.c.ticket == attachments.c.ticket)
        statement = statement.where(sa.or_(theirs, sa.func.lower(mails.c.sender) == customer))
    return statement.order_by(attachments.c.id.desc()).limit(sa.bindparam("most"))


_BY_WORDS = {
    (ticket, customer): dialects.searching(lambda found, t=ticket, c=customer: _statement(found, of_ticket=t, of_customer=c))  # type: ignore[misc]
    for ticket, customer in product((False, True), repeat=2)
}
_BY_PLACE = {
    (ticket, customer): _statement(None, of_ticket=ticket, of_customer=customer) for ticket, customer in product((False, True), repeat=2)
}
_GET = sa.select(*_SHOWN).join(mails, mails.c.id == attachments.c.mail).where(attachments.c.id == sa.bindparam("file"))


class Files:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def find(self, name: str = "", *, ticket: int | None = None, customer: str | None = None, limit: int = 50) -> list[StoredFile]:
        """Files whose names contain every word of `name`, or a word with that prefix, in any accents; newest first.

        `ticket`: on this ticket.  `customer`: on tickets with this participant, and sent by this address.
        """
        rows = asked(name)
        if name.strip() and not rows:
            return []
        place = (ticket is not None, customer is not None)
        values: dict[str, object] = {"of": ticket} if ticket is not None else {}
        if customer is not None:
            values["customer"] = customer.lower()
        if not rows:
            return [_file(row) for row in self._sql.rows(_BY_PLACE[place], {**values, "most": limit})]
        question = dialects.search_question(rows, self._sql.is_sqlite)
        found = self._sql.rows(_BY_WORDS[place], {**values, "asked": question, "most": _LOOKED_THROUGH})
        return [_file(row) for row in found if _is_called(row.name, rows)][:limit]

    def get(self, id: int) -> StoredFile | None:
        """The file of this id."""
        row = self._sql.row(_GET, {"file": id})
        return _file(row) if row is not None else None


def _is_called(name: str, rows: list[list[str]]) -> bool:
    """Whether the name contains each word sequence; the last word of a sequence may be a prefix."""
    there = words(name)
    return all(any(_stands(row, there, place) for place in range(len(there))) for row in rows)


def _stands(row: list[str], there: list[str], place: int) -> bool:
    end = place + len(row) - 1
    return end < len(there) and there[place:end] == row[:-1] and there[end].startswith(row[-1])


def _file(row: Row) -> StoredFile:
    return StoredFile(
        id=row.id,
        mail=row.mail,
        ticket=row.ticket,
        name=row.name,
        content_type=row.content_type,
        size=row.size,
        sha256=row.sha256,
        sender=row.sender,
        at=row.received_at,
        internal=row.internal,
    )
