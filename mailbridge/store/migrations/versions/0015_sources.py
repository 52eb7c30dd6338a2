"""What is known of each source, and how many mails each brought in each hour."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sources",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("watched_since", _MOMENT, nullable=False),
        sa.Column("proven_at", _MOMENT),
        sa.Column("proof", sa.Text, nullable=False),
        sa.Column("mail_at", _MOMENT),
        sa.Column("failed_at", _MOMENT),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("failing_since", _MOMENT),
        sa.Column("next_at", _MOMENT),
        sa.Column("silence", sa.Text, nullable=False),
        sa.Column("told", sa.Text, nullable=False),
        sa.Column("told_at", _MOMENT),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "arrivals",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("hour", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("mails", sa.Integer, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
