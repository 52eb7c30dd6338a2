"""Articles written by mail, and what became of suggested articles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mailbridge.store.types import CleanText, UtcDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "articles",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("title", CleanText, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("text", CleanText, nullable=False),
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("written_at", UtcDateTime, nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_at", UtcDateTime),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "article_outcomes",
        sa.Column("ticket", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("article", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("score", sa.Integer, nullable=False),
        sa.Column("shown_at", UtcDateTime),
        sa.Column("opened_at", UtcDateTime),
        sa.Column("solved_at", UtcDateTime),
        sqlite_with_rowid=False,
    )
