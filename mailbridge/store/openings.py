"""Counts the recently opened tickets of each sender, for the limits.

One row for each ticket that counts against a sender.  Mails that were grouped onto a ticket add to its row.  So a flooding sender has no
more rows than the limit allows tickets, and counting stays cheap.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from mailbridge.store.sql import Sql
from mailbridge.store.tables.access import openings

COUNTED_FOR = timedelta(days=1)  # longer than any limit looks back
_LOCK = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(sa.bindparam("sender", type_=sa.Text), 0)))
_COUNTS = (
    sa.func.count(),
    sa.func.coalesce(sa.func.sum(sa.case((openings.c.receipt, 1), else_=0)), 0),
    sa.func.coalesce(sa.func.sum(openings.c.grouped), 0),
    sa.func.coalesce(sa.func.sum(openings.c.bytes), 0),
    sa.func.max(openings.c.id),
)
_SINCE = openings.c.at > sa.bindparam("since")
_OF_SENDER = sa.select(*_COUNTS).where(openings.c.sender == sa.bindparam("sender"), _SINCE)
_OF_FORM = sa.select(*_COUNTS).where(openings.c.form == sa.bindparam("sender"), openings.c.form != "", _SINCE)
_TICKET = sa.select(openings.c.ticket).where(openings.c.id == sa.bindparam("row"))
_ADD = openings.insert()
_GROUP = (
    openings.update()
    .where(openings.c.id == sa.bindparam("row"))
    .values(grouped=openings.c.grouped + 1, bytes=openings.c.bytes + sa.bindparam("more", type_=sa.BigInteger))
)
_FORGET = openings.delete().where(openings.c.at < sa.bindparam("before"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The mails of a sender or form since a moment.  `row` and `ticket` are of the latest ticket, 0 where there is none."""

    tickets: int = 0
    receipts: int = 0
    grouped: int = 0
    bytes: int = 0
    row: int = 0
    ticket: int = 0


class Openings:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def lock(self, sender: str) -> None:
        """Locks this sender's count until the end of the transaction (on SQLite there is one writer anyway)."""
        if not self._sql.is_sqlite:
            self._sql.value(_LOCK, {"sender": sender})

    def of_sender(self, sender: str, since: datetime) -> Opened:
        return self._opened(_OF_SENDER, sender, since)

    def of_form(self, form: str, since: datetime) -> Opened:
        """All mails through this form, of any author."""
        return self._opened(_OF_FORM, form, since)

    def _opened(self, question: sa.Select[tuple[int, int, int, int, int]], sender: str, since: datetime) -> Opened:
        row = self._sql.row(question, {"sender": sender, "since": since})
        if row is None or not row[4]:
            return Opened()
        ticket = self._sql.value(_TICKET, {"row": row[4]})
        return Opened(tickets=row[0], receipts=int(row[1]), grouped=int(row[2]), bytes=int(row[3]), row=row[4], ticket=ticket)

    def add(self, sender: str, now: datetime, *, form: str = "", ticket: int, size: int, receipt: bool) -> None:
        """Counts one more ticket of this sender; `receipt`: it was acknowledged."""
        values = {"sender": sender, "form": form, "at": now, "ticket": ticket, "bytes": size, "receipt": receipt, "grouped": 0}
        self._sql.change(_ADD, values)

    def group(self, row: int, size: int) -> None:
        """Counts one more mail on the ticket of this row."""
        self._sql.change(_GROUP, {"row": row, "more": size})

    def forget(self, before: datetime) -> int:
        """Deletes the rows of earlier times; how many."""
        return self._sql.change(_FORGET, {"before": before})
