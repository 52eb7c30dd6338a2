"""The grades that customers gave."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mailbridge.store.types import CleanText, UtcDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ratings",
        sa.Column("ticket", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("team", CleanText, nullable=False),
        sa.Column("agent", CleanText, nullable=False),
        sa.Column("grade", sa.Integer, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("ticket", name="pk_ratings"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_ratings_at", "ratings", ["at"])
