"""The overlay over the files of customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mailbridge.store.types import CleanText, UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_changes",
        sa.Column("version", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("actor_kind", sa.Text, nullable=False),
        sa.Column("actor", CleanText, nullable=False),
        sa.Column("ticket", sa.BigInteger),
        sa.Column("customer", CleanText, nullable=False),
        sa.Column("part", sa.Text, nullable=False),
        sa.Column("key", CleanText, nullable=False),
        sa.Column("name", CleanText, nullable=False),
        sa.Column("data", CleanText),
        sa.PrimaryKeyConstraint("version", name="pk_customer_changes"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_customer_changes_entry", "customer_changes", ["customer", "part", "key", "version"])
    on_ticket = sa.text("ticket IS NOT NULL")
    op.create_index("ix_customer_changes_ticket", "customer_changes", ["ticket"], sqlite_where=on_ticket, postgresql_where=on_ticket)
