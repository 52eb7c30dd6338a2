"""Mails that were in an IMAP folder before the desk, by their headers only: no ticket, no text, just the thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from mailbridge.store import dialects
from mailbridge.store.sql import Row, Sql
from mailbridge.store.tables.incoming import HAS_MESSAGE_ID, HAS_THREAD, old_mails

_ADD = dialects.insert_new(old_mails)
_ANY = sa.select(old_mails.c.key).limit(1)
_KNOWN = sa.select(old_mails.c.key).where(old_mails.c.key.in_(sa.bindparam("keys", expanding=True)))
_OF = sa.select(old_mails.c.message_id, old_mails.c.thread, old_mails.c.ticket).where(
    HAS_MESSAGE_ID, old_mails.c.message_id.in_(sa.bindparam("ids", expanding=True))
)
_ATTACH = (
    old_mails.update()
    .where(HAS_THREAD, old_mails.c.thread.in_(sa.bindparam("threads", expanding=True)), old_mails.c.ticket.is_(None))
    .values(ticket=sa.bindparam("to"))
)


class OldMail(NamedTuple):
    """`key`: hash of the sender's header fields.  `thread`: the Message-ID that began the thread; '' for none."""

    key: str
    message_id: str
    thread: str


class OldMails:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._asked: tuple[int, tuple[str, ...]] | None = None  # the last question: undone savepoints before it, ids
        self._found: Sequence[Row] = ()  # its answer

    def add(self, found: Sequence[OldMail]) -> None:
        """Stores the mails; existing ones stay as they are."""
        rows = [{"key": one.key, "message_id": one.message_id or None, "thread": one.thread or None, "ticket": None} for one in found]
        self._sql.change(_ADD, rows)
        self._asked = None

    def any(self) -> bool:
        return self._sql.row(_ANY) is not None

    def known(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys that exist."""
        return {row.key for row in self._sql.rows(_KNOWN, {"keys": list(keys)})} if keys else set()

    def tickets_of(self, message_ids: Iterable[str]) -> list[tuple[str, int]]:
        """(Message-ID, ticket) of the old mails with one of these ids whose thread continues on a ticket."""
        return [(row.message_id, row.ticket) for row in self._of(message_ids) if row.ticket is not None]

    def go_on_at(self, ticket: int, message_ids: Iterable[str]) -> list[str]:
        """Continues the threads of the old mails with these ids on this ticket, where they had none; the ids of the old mails."""
        found = [row for row in self._of(message_ids) if row.thread is not None]
        if threads := sorted({row.thread for row in found if row.ticket is None}):
            self._sql.change(_ATTACH, {"threads": threads, "to": ticket})
            self._asked = None
        return [row.message_id for row in found]

    def _of(self, message_ids: Iterable[str]) -> Sequence[Row]:
        """The old mails with these ids.  A mail asks twice for the same ids: when its ticket is chosen, and when it is stored there."""
        wanted = tuple(dict.fromkeys(message_ids))
        asked = (self._sql.undone, wanted)
        if wanted and asked != self._asked:
            self._asked, self._found = asked, self._sql.rows(_OF, {"ids": list(wanted)})
        return self._found if wanted else ()
