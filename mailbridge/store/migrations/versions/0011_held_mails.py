"""Mails in an agent's name that wait for the agent's yes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_UNDECIDED = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.create_table(
        "held",
        sa.Column("inbox", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("lines", sa.Text, nullable=False),
        sa.Column("ticket", sa.BigInteger),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("notice", sa.BigInteger),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_held_undecided", "held", ["agent", "inbox"], sqlite_where=_UNDECIDED, postgresql_where=_UNDECIDED
    )
    op.create_index("ix_held_notice", "held", ["notice"])
