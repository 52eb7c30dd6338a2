"""Hour banks: their entries, and what was told of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_OF_TICKETS = sa.text("ticket IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "hour_entries",
        sa.Column("id", _ID, nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("expires", sa.Text()),
        sa.Column("closing", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("ticket", sa.BigInteger()),
        sa.Column("activity", sa.Integer()),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hour_entries"),
        sa.UniqueConstraint("customer", "bank", "key", name="uq_hour_entries_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_hour_entries_bank", "hour_entries", ["customer", "bank", "id"])
    op.create_index("ix_hour_entries_ticket", "hour_entries", ["ticket"], sqlite_where=_OF_TICKETS, postgresql_where=_OF_TICKETS)
    op.create_table(
        "hour_alerts",
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("customer", "bank", "period", "level", name="pk_hour_alerts"),
        sqlite_with_rowid=False,
    )
