"""Finding mails by their words: subject, what the person wrote now, names of files.  Notes of agents are found too: this is for agents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from mailbridge.store import dialects
from mailbridge.store.schema import mails, participants
from mailbridge.store.sql import Row, Sql
from mailbridge.store.words import MOST_CHARACTERS, asked, excerpt, words
from mailbridge.store.words import Row as Words

_SHOWN = (mails.c.ticket, mails.c.subject, mails.c.sender, mails.c.received_at, mails.c.internal, mails.c.fresh)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A mail that was found.  `ticket` is None for one that is kept on no ticket; `internal`: a note of an agent."""

    mail: int
    ticket: int | None
    subject: str
    sender: str
    at: datetime
    internal: bool
    snippet: str  # one line of the text around the first word found


def _finding(found: sa.CTE) -> sa.Select[tuple[object, ...]]:
    shown = sa.select(found.c.mail, *_SHOWN).join(mails, mails.c.id == found.c.mail)
    return shown.order_by(found.c.mail.desc()).limit(sa.bindparam("most"))


def _finding_of_customer(found: sa.CTE) -> sa.Select[tuple[object, ...]]:
    customer: sa.BindParameter[str] = sa.bindparam("customer")
    theirs = sa.exists().where(participants.c.address == customer, participants.c.ticket == mails.c.ticket)
    return _finding(found).where(sa.or_(theirs, sa.func.lower(mails.c.sender) == customer))


_FIND = dialects.searching(_finding)
_FIND_OF_CUSTOMER = dialects.searching(_finding_of_customer)


class Search:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, mail: int, *, subject: str, fresh: str, names: Iterable[str] = ()) -> None:
        """The mail is found by these words from now on."""
        text = "\n".join((subject, *names, fresh))[:MOST_CHARACTERS]
        self._sql.change(dialects.INDEX_MAIL, {"mail": mail, "words": dialects.index_entry(words(text), self._sql.is_sqlite)})

    def remove(self, mail: int, text: str) -> None:
        """The mail is not found any more.  `text` holds all that it was found by, and may hold more.

        SQLite's index keeps no text, so it has to be told every word again, and must not be told one that was not there.
        """
        if not self._sql.is_sqlite:
            self._sql.change(dialects.UNINDEX_MAIL, {"mail": mail})
            return
        distinct = dict.fromkeys(words(text))
        there = [word for word in distinct if self._sql.row(dialects.HAS_WORD, {"mail": mail, "asked": f'"{word}"'})]
        if there:
            self._sql.change(dialects.UNINDEX_MAIL, {"mail": mail, "words": " ".join(there)})

    def find(self, question: str, *, customer: str | None = None, limit: int = 50) -> list[Hit]:
        """Mails that hold every word of the question, or one that begins with it, newest first.

        `customer`: only mails on tickets that this address takes part in, and mails it sent."""
        rows = asked(question)
        if not rows:
            return []
        values = {"asked": dialects.search_question(rows, self._sql.is_sqlite), "most": limit}
        if customer is None:
            found = self._sql.rows(_FIND, values)
        else:
            found = self._sql.rows(_FIND_OF_CUSTOMER, {**values, "customer": customer.lower()})
        return [_hit(row, rows) for row in found]


def _hit(row: Row, rows: list[Words]) -> Hit:
    return Hit(
        mail=row.mail,
        ticket=row.ticket,
        subject=row.subject,
        sender=row.sender,
        at=row.received_at,
        internal=row.internal,
        snippet=excerpt(row.fresh, rows),
    )
