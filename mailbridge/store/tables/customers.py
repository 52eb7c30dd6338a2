"""The table of what was changed about customers beside the files."""

from __future__ import annotations

import sqlalchemy as sa

from mailbridge.store.tables.base import metadata, partial_index
from mailbridge.store.types import CleanText, UtcDateTime

ON_TICKET = sa.text("ticket IS NOT NULL")

customer_changes = sa.Table(  # the overlay over the files of customers: append-only, the newest row of an entry counts
    "customer_changes",
    metadata,
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),  # of the whole overlay, without gaps
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("actor_kind", sa.Text, nullable=False),
    sa.Column("actor", CleanText, nullable=False),
    sa.Column("ticket", sa.BigInteger),  # on which it was changed; None at the command line
    sa.Column("customer", CleanText, nullable=False),
    sa.Column("part", sa.Text, nullable=False),  # customer, person, location, device
    sa.Column("key", CleanText, nullable=False),  # the name as it is compared
    sa.Column("name", CleanText, nullable=False),
    sa.Column("data", CleanText),  # JSON: key -> value; None: the entry was removed
    sa.Index("ix_customer_changes_entry", "customer", "part", "key", "version"),
    partial_index("ix_customer_changes_ticket", "ticket", where=ON_TICKET),
    sqlite_with_rowid=False,
)
