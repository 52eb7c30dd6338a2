"""Solved requests, with which new ones are compared."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mailbridge.store.types import CleanText

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "solved_requests",
        sa.Column("ticket", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("team", CleanText, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("answer", sa.BigInteger, nullable=False),
        sa.Column("title", CleanText, nullable=False),
        sa.Column("body", CleanText, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_solved_requests_team", "solved_requests", ["team", "language", "ticket"])
    op.create_table(
        "solved_terms",
        sa.Column("team", CleanText, primary_key=True),
        sa.Column("language", sa.Text, primary_key=True),
        sa.Column("term", CleanText, primary_key=True),
        sa.Column("ticket", sa.BigInteger, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_solved_terms_ticket", "solved_terms", ["ticket"])
