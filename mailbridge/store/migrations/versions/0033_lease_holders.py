"""The processes that hold leases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mailbridge.store.types import CleanText, Id, UtcDateTime

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lease_holders",
        sa.Column("id", Id, primary_key=True),
        sa.Column("name", CleanText, nullable=False),
        sa.Column("version", CleanText, nullable=False),
        sa.Column("renewals", sa.BigInteger, nullable=False),
        sa.Column("dead", sa.Boolean, nullable=False),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sqlite_autoincrement=True,
    )
