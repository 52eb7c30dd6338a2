"""Receipts of accepted mails for the audit, and one id for a mail and all that it causes.

Mails that were accepted before get their receipts here.  Of UIDs that an earlier program passed by only the server can say something.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from mailbridge.store.types import CleanText, UtcDateTime

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_RECEIPTS = """
    INSERT INTO receipts (source, account, folder, number, inbox, uidvalidity, uid, sha256, message_id, at)
    SELECT source, account, folder, row_number() OVER (PARTITION BY source, account, folder ORDER BY id),
           id, uidvalidity, uid, sha256, message_id, received_at
    FROM inbox
"""
_COUNTS = "INSERT INTO receipt_counts (source, account, folder, last) SELECT source, account, folder, count(*) FROM inbox GROUP BY 1, 2, 3"


def upgrade() -> None:
    op.add_column("inbox", sa.Column("settled_as", sa.Text))
    op.add_column("inbox", sa.Column("trace", sa.Text))
    op.add_column("inbox", sa.Column("handler", sa.Text))
    op.add_column("outbox", sa.Column("trace", sa.Text))
    known = sa.text("trace IS NOT NULL")
    op.create_index("ix_inbox_trace", "inbox", ["trace"], sqlite_where=known, postgresql_where=known)
    op.create_index("ix_outbox_trace", "outbox", ["trace"], sqlite_where=known, postgresql_where=known)
    _receipts()
    passed = op.create_table(
        "passed_uids",
        sa.Column("account", CleanText, primary_key=True),
        sa.Column("folder", CleanText, primary_key=True),
        sa.Column("epoch", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("first", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("why", sa.Text, primary_key=True),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("reason", CleanText, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "wanted_uids",
        sa.Column("account", CleanText, primary_key=True),
        sa.Column("folder", CleanText, primary_key=True),
        sa.Column("epoch", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("uid", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sqlite_with_rowid=False,
    )
    cursors = sa.table("cursors", *(sa.column(name) for name in ("account", "folder", "uidvalidity", "last_uid")))
    now = sa.literal(datetime.now(UTC), UtcDateTime)
    before = sa.select(
        cursors.c.account, cursors.c.folder, cursors.c.uidvalidity, sa.literal(1), sa.literal("unaudited"), cursors.c.last_uid, now,
        sa.literal("before the first audit"),
    ).where(cursors.c.last_uid > 0)  # fmt: skip
    op.execute(passed.insert().from_select(["account", "folder", "epoch", "first", "why", "last", "at", "reason"], before))


def _receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("account", CleanText, primary_key=True),
        sa.Column("folder", CleanText, primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("inbox", sa.BigInteger, nullable=False),
        sa.Column("uidvalidity", sa.BigInteger),
        sa.Column("uid", sa.BigInteger),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("message_id", CleanText),
        sa.Column("trace", sa.Text),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("closed", sa.Text),
        sa.Column("reason", CleanText, nullable=False, server_default=""),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_receipts_inbox", "receipts", ["inbox"])
    fetched = sa.text("uid IS NOT NULL")
    columns = ["account", "folder", "uidvalidity", "uid"]
    op.create_index("ix_receipts_uid", "receipts", columns, sqlite_where=fetched, postgresql_where=fetched)
    op.create_table(
        "receipt_counts",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("account", CleanText, primary_key=True),
        sa.Column("folder", CleanText, primary_key=True),
        sa.Column("last", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(_RECEIPTS)
    op.execute(_COUNTS)
