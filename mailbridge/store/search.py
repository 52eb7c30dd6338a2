"""Full-text search of mails: subject, file names, new text, and after these the rest of their texts.  Agents' internal notes are included,
because only agents search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from mailbridge.message.search_words import MOST_CHARACTERS, words
from mailbridge.message.search_words import Row as Words
from mailbridge.store import dialects
from mailbridge.store.search_terms import asked, excerpt
from mailbridge.store.sql import Row, Sql
from mailbridge.store.tables.mails import attachments, mails
from mailbridge.store.tables.tickets import participants
from mailbridge.store.whole_text import MOST_PARTS, is_whole, lines_of, parts

_SHOWN = (mails.c.ticket, mails.c.subject, mails.c.sender, mails.c.received_at, mails.c.internal)
_EARLIER = (
    sa.select(mails.c.text)
    .where(mails.c.ticket == sa.bindparam("of"), mails.c.id < sa.bindparam("mail"))
    .where(sa.func.length(mails.c.text) <= dialects.WHOLE_LOOKED_AT)
    .order_by(mails.c.id.desc())
    .limit(dialects.WHOLE_EARLIER)
)
_THESE: sa.BindParameter[list[int]] = sa.bindparam("mails", expanding=True)
_TEXTS = sa.select(mails.c.id, mails.c.subject, mails.c.fresh, mails.c.text).where(mails.c.id.in_(_THESE))
_NAMES = sa.select(attachments.c.name).where(attachments.c.mail == sa.bindparam("of")).order_by(attachments.c.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """A found mail.  `ticket` is None for a mail without a ticket.  `internal`: an agent's note."""

    mail: int
    ticket: int | None
    subject: str
    sender: str
    at: datetime
    internal: bool
    snippet: str  # one line of text around the first match


def _finding(found: sa.CTE) -> sa.Select[tuple[object, ...]]:
    text = sa.case((found.c.place == 0, mails.c.fresh), else_=mails.c.text).label("text")
    shown = sa.select(found.c.mail, *_SHOWN, text).join(mails, mails.c.id == found.c.mail)
    return shown.order_by(found.c.place, found.c.mail.desc()).limit(sa.bindparam("most"))


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
        """Adds these words of the mail to the index."""
        text = "\n".join((subject, *names, fresh))[:MOST_CHARACTERS]
        self._sql.change(dialects.INDEX_MAIL, {"mail": mail, "words": dialects.index_entry(words(text), self._sql.is_sqlite)})

    def add_whole(self, mail: int, *, ticket: int | None, subject: str, fresh: str, text: str, names: Iterable[str] = ()) -> None:
        """Adds every word of `text` for the mail or an earlier one of its ticket.  Call `add` before, if at all."""
        if not is_whole(fresh, text):
            self._index_parts(mail, parts("\n".join((subject, *names)), fresh, text, self._earlier(ticket, mail)))

    def _earlier(self, ticket: int | None, mail: int) -> Iterator[str]:
        """The texts of the ticket's mails before this one, the latest first."""
        if ticket is not None:
            yield from (row.text for row in self._sql.rows(_EARLIER, {"of": ticket, "mail": mail}))

    def add_again(self, ids: Sequence[int]) -> None:
        """Indexes the whole text of each of these mails again, after mails moved to or from its ticket."""
        for row in self._sql.rows(_TEXTS, {"mails": list(ids)}) if ids else ():
            names = [file.name for file in self._sql.rows(_NAMES, {"of": row.id})]
            head = "\n".join((row.subject, *names))
            self._remove_parts(row.id, f"{head}\n{row.fresh}\n{row.text}")
            self._index_parts(row.id, parts(head, row.fresh, row.text, ()))

    def _index_parts(self, mail: int, further: Sequence[str]) -> None:
        entries = [dialects.index_entry(words(part), self._sql.is_sqlite) for part in further]
        first = mail * dialects.WHOLE_PARTS
        self._sql.change(dialects.INDEX_WHOLE, [{"id": id, "words": entry} for id, entry in enumerate(entries, start=first)])

    def forget_removed(self) -> None:
        """Removes the words of removed mails from all segments of the index; takes seconds in a large desk."""
        for merge in dialects.MERGE_INDEXES if self._sql.is_sqlite else ():
            self._sql.change(merge)

    def remove(self, mail: int, text: str) -> None:
        """Removes the mail from the index.  `text`: all indexed text, and possibly more.

        SQLite's index stores no text, so it needs every word again, and must not get words that were not indexed.
        """
        self._remove_parts(mail, text)
        if not self._sql.is_sqlite:
            self._sql.change(dialects.UNINDEX_MAIL, {"mail": mail})
            return
        there = [word for word in _distinct(text) if self._sql.row(dialects.HAS_WORD, {"mail": mail, "asked": f'"{word}"'})]
        if there:
            self._sql.change(dialects.UNINDEX_MAIL, {"mail": mail, "words": " ".join(there)})

    def _remove_parts(self, mail: int, text: str) -> None:
        first = mail * dialects.WHOLE_PARTS
        if not self._sql.is_sqlite:
            self._sql.change(dialects.UNINDEX_WHOLE, {"id": first, "next": first + dialects.WHOLE_PARTS})
            return
        distinct = _distinct(text)
        for id in range(first, first + MOST_PARTS):
            there = [word for word in distinct if self._sql.row(dialects.HAS_WORD_WHOLE, {"id": id, "asked": f'"{word}"'})]
            if not there:
                return
            self._sql.change(dialects.UNINDEX_WHOLE, {"id": id, "words": " ".join(there)})

    def find(self, question: str, *, customer: str | None = None, limit: int = 50) -> list[SearchResult]:
        """Mails with every word of the query, or a word with that prefix: first those with the words in their new text, then the others,
        each newest first.

        `customer`: only mails on tickets with this participant, and mails it sent.
        """
        rows = asked(question)
        if not rows:
            return []
        values = {"asked": dialects.search_question(rows, self._sql.is_sqlite), "most": limit}
        if customer is None:
            found = self._sql.rows(_FIND, values)
        else:
            found = self._sql.rows(_FIND_OF_CUSTOMER, {**values, "customer": customer.lower()})
        return [_hit(row, rows) for row in found]


def _distinct(text: str) -> list[str]:
    """The words of each line, also of a text that is too long for one entry."""
    return list(dict.fromkeys(word for line in lines_of(text) for word in line))


def _hit(row: Row, rows: list[Words]) -> SearchResult:
    return SearchResult(
        mail=row.mail,
        ticket=row.ticket,
        subject=row.subject,
        sender=row.sender,
        at=row.received_at,
        internal=row.internal,
        snippet=excerpt(row.text, rows),
    )
