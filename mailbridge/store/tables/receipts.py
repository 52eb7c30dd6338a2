"""Tables of the audit: a receipt for each accepted mail, UIDs that were passed by, UIDs to fetch again.

They stand apart from the inbox, so that a row that was lost there is missed here.
"""

from __future__ import annotations

import sqlalchemy as sa

from mailbridge.store.tables.base import metadata, partial_index
from mailbridge.store.types import CleanText, UtcDateTime

FETCHED = sa.text("uid IS NOT NULL")

receipts = sa.Table(  # one for each mail that was acknowledged, in the transaction of its row in the inbox
    "receipts",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("account", CleanText, primary_key=True),
    sa.Column("folder", CleanText, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3, ... without a gap
    sa.Column("inbox", sa.BigInteger, nullable=False, index=True),
    sa.Column("uidvalidity", sa.BigInteger),
    sa.Column("uid", sa.BigInteger),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("message_id", CleanText),
    sa.Column("trace", sa.Text),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("closed", sa.Text),  # withdrawn: an operator gave the mail up; again: it was fetched again, under another number
    sa.Column("reason", CleanText, nullable=False, server_default=""),
    partial_index("ix_receipts_uid", "account", "folder", "uidvalidity", "uid", where=FETCHED),
    sqlite_with_rowid=False,
)

receipt_counts = sa.Table(  # the last number of each source
    "receipt_counts",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("account", CleanText, primary_key=True),
    sa.Column("folder", CleanText, primary_key=True),
    sa.Column("last", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

passed_uids = sa.Table(  # UIDs of an IMAP folder that were not fetched, and why
    "passed_uids",
    metadata,
    sa.Column("account", CleanText, primary_key=True),
    sa.Column("folder", CleanText, primary_key=True),
    sa.Column("epoch", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("first", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("why", sa.Text, primary_key=True),  # older, known, gone, withdrawn, unaudited (`store.passed_uids`)
    sa.Column("last", sa.BigInteger, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("reason", CleanText, nullable=False),
    sqlite_with_rowid=False,
)

wanted_uids = sa.Table(  # UIDs that the daemon has to fetch once more
    "wanted_uids",
    metadata,
    sa.Column("account", CleanText, primary_key=True),
    sa.Column("folder", CleanText, primary_key=True),
    sa.Column("epoch", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("uid", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)
