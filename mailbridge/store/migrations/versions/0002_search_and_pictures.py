"""Mails are found by their words; the pictures of signatures are folded away; what an invitation says is kept beside it.

What a database holds already is indexed here.  The folding of words is the program's own and not copied to this file: an index that was
made by another one finds nothing.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from mailbridge.message.search_words import MOST_CHARACTERS, words
from mailbridge.store import dialects

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_PAGE = 500
_SMALL = 65_536
_OFTEN = 3

_MAILS = sa.text("SELECT id, subject, fresh FROM mails WHERE id > :after ORDER BY id LIMIT :most")
_NAMES = sa.text("SELECT mail, name FROM attachments WHERE mail > :after AND mail <= :last ORDER BY id")

# What the program asks of a picture, as far as the columns tell: the HTML as it came is not stored, so an id is taken for a reference.
_PICTURE = f"""
    attachments.content_type LIKE 'image/%' AND attachments.size < {_SMALL} AND attachments.inside = ''
    AND (attachments.content_id <> '' OR attachments.disposition = 'inline')
"""
_COUNT = f"""
    INSERT INTO seen_pictures (sender, sha256, times)
    SELECT lower(mails.sender), attachments.sha256, count(DISTINCT attachments.mail)
    FROM attachments JOIN mails ON mails.id = attachments.mail WHERE {_PICTURE}
    GROUP BY lower(mails.sender), attachments.sha256
"""  # noqa: S608  (numbers of ours)
_HIDE = f"""
    UPDATE attachments SET hidden = :yes WHERE {_PICTURE} AND EXISTS (
        SELECT 1 FROM mails JOIN seen_pictures ON seen_pictures.sender = lower(mails.sender)
        WHERE mails.id = attachments.mail AND seen_pictures.sha256 = attachments.sha256 AND seen_pictures.times >= {_OFTEN})
"""  # noqa: S608


def upgrade() -> None:
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    op.add_column("attachments", sa.Column("summary", sa.Text(), nullable=False, server_default=""))
    op.add_column("attachments", sa.Column("hidden", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "seen_pictures",
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sender", "sha256", name="pk_seen_pictures"),
        sqlite_with_rowid=False,
    )
    connection.execute(sa.text(_COUNT))
    connection.execute(sa.text(_HIDE), {"yes": True})
    if is_sqlite:
        # Without a second copy of the text, and without the lengths that only a ranking needs: the newest comes first here.
        op.execute("CREATE VIRTUAL TABLE mail_search USING fts5(words, content='', columnsize=0, tokenize='ascii')")
    else:
        op.execute("CREATE TABLE mail_search (mail BIGINT CONSTRAINT pk_mail_search PRIMARY KEY, words TSVECTOR NOT NULL)")
    _index_mails(connection, is_sqlite)
    if not is_sqlite:
        op.execute("CREATE INDEX ix_mail_search_words ON mail_search USING gin (words)")


def _index_mails(connection: sa.Connection, is_sqlite: bool) -> None:
    """Every mail that is there is found by its words; a page of them in memory at a time."""
    after = 0
    while page := connection.execute(_MAILS, {"after": after, "most": _PAGE}).all():
        names: dict[int, list[str]] = {}
        for mail, name in connection.execute(_NAMES, {"after": after, "last": page[-1].id}):
            names.setdefault(mail, []).append(name)
        statement = dialects.INDEX_MAIL.sqlite if is_sqlite else dialects.INDEX_MAIL.postgresql
        connection.execute(statement, [_entry(row, names.get(row.id, []), is_sqlite) for row in page])
        after = page[-1].id


def _entry(row: Any, names: list[str], is_sqlite: bool) -> dict[str, object]:
    text = "\n".join((row.subject, *names, row.fresh))[:MOST_CHARACTERS]
    return {"mail": row.id, "words": dialects.index_entry(words(text), is_sqlite)}
