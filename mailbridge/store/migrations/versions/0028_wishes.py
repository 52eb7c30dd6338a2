"""What people wish for themselves, and blocked senders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mailbridge.store.types import CleanText, UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wishes",
        sa.Column("version", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("actor_kind", sa.Text, nullable=False),
        sa.Column("actor", CleanText, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("person", CleanText, nullable=False),
        sa.Column("name", CleanText, nullable=False),
        sa.Column("data", CleanText),
        sa.PrimaryKeyConstraint("version", name="pk_wishes"),
        sqlite_with_rowid=False,
    )
