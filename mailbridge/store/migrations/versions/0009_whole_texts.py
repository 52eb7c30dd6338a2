"""Mails are found by their whole texts: by what was cut off as a quote or a signature too.

What a database holds already is indexed here, once, while the desk starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from mailbridge.message.search_words import words
from mailbridge.store import dialects
from mailbridge.store.whole_text import is_whole, parts

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_PAGE = 200
_MAILS = sa.text("SELECT id, ticket, subject, fresh, text FROM mails WHERE id > :after ORDER BY id LIMIT :most")
_NAMES = sa.text("SELECT mail, name FROM attachments WHERE mail > :after AND mail <= :last ORDER BY id")
_EARLIER = sa.text("SELECT text FROM mails WHERE ticket = :ticket AND id < :mail AND length(text) <= :most ORDER BY id DESC LIMIT :looked")


def upgrade() -> None:
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        op.execute("CREATE VIRTUAL TABLE mail_search_whole USING fts5(words, content='', columnsize=0, tokenize='ascii')")
    else:
        op.execute("CREATE TABLE mail_search_whole (id BIGINT CONSTRAINT pk_mail_search_whole PRIMARY KEY, words TSVECTOR NOT NULL)")
    _index_mails(connection, is_sqlite)
    if not is_sqlite:
        op.execute("CREATE INDEX ix_mail_search_whole_words ON mail_search_whole USING gin (words)")


def _index_mails(connection: sa.Connection, is_sqlite: bool) -> None:
    """A page of mails in memory at a time."""
    after = 0
    statement = dialects.INDEX_WHOLE.sqlite if is_sqlite else dialects.INDEX_WHOLE.postgresql
    while page := connection.execute(_MAILS, {"after": after, "most": _PAGE}).all():
        names: dict[int, list[str]] = {}
        for mail, name in connection.execute(_NAMES, {"after": after, "last": page[-1].id}):
            names.setdefault(mail, []).append(name)
        rows = [entry for mail in page for entry in _entries(connection, mail, names.get(mail.id, []), is_sqlite)]
        if rows:
            connection.execute(statement, rows)
        after = page[-1].id


def _entries(connection: sa.Connection, mail: Any, names: list[str], is_sqlite: bool) -> list[dict[str, object]]:
    if is_whole(mail.fresh, mail.text):
        return []
    further = parts("\n".join((mail.subject, *names)), mail.fresh, mail.text, _earlier(connection, mail))
    return [
        {"id": mail.id * dialects.WHOLE_PARTS + number, "words": dialects.index_entry(words(part), is_sqlite)}
        for number, part in enumerate(further)
    ]


def _earlier(connection: sa.Connection, mail: Any) -> Iterator[str]:
    if mail.ticket is not None:
        asked = {"ticket": mail.ticket, "mail": mail.id, "most": dialects.WHOLE_LOOKED_AT, "looked": dialects.WHOLE_EARLIER}
        yield from connection.execute(_EARLIER, asked).scalars().all()
