"""Tables of hour banks."""

from __future__ import annotations

import sqlalchemy as sa

from mailbridge.store.tables.base import metadata, partial_index
from mailbridge.store.types import CleanText, Id, UtcDateTime

HAS_TICKET = sa.text("ticket IS NOT NULL")

hour_entries = sa.Table(  # the ledgers of hour banks: rows are added and never changed
    "hour_entries",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("customer", CleanText, nullable=False),
    sa.Column("bank", CleanText, nullable=False),
    sa.Column("key", CleanText, nullable=False),  # what the entry is for; unique in its bank
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("day", sa.Text, nullable=False),  # ISO 8601
    sa.Column("seconds", sa.BigInteger, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("subject", CleanText, nullable=False),  # key of the entry that it is about; '' for none
    sa.Column("expires", sa.Text),
    sa.Column("closing", CleanText, nullable=False),  # JSON
    sa.Column("contract", CleanText, nullable=False),
    sa.Column("ticket", sa.BigInteger),
    sa.Column("activity", sa.Integer),
    sa.Column("basis", CleanText, nullable=False),
    sa.Column("parts", CleanText, nullable=False),  # JSON
    sa.Column("reason", CleanText, nullable=False),
    sa.Column("link", CleanText, nullable=False),
    sa.Column("actor", CleanText, nullable=False),
    sa.UniqueConstraint("customer", "bank", "key", name="uq_hour_entries_key"),
    sa.Index("ix_hour_entries_bank", "customer", "bank", "id"),
    partial_index("ix_hour_entries_ticket", "ticket", where=HAS_TICKET),
    sqlite_autoincrement=True,
)

hour_alerts = sa.Table(  # what was told of a bank: each level once in a period
    "hour_alerts",
    metadata,
    sa.Column("customer", CleanText, primary_key=True),
    sa.Column("bank", CleanText, primary_key=True),
    sa.Column("period", CleanText, primary_key=True),
    sa.Column("level", CleanText, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)
