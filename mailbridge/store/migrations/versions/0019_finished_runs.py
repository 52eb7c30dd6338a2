"""Finished runs of clocks are kept as they ended, and the calendars that clocks were computed by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mailbridge.store.types import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("clocks", sa.Column("calendar", sa.Text))
    op.create_table(
        "finished_runs",
        sa.Column("ticket", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("promise", sa.Text, primary_key=True),
        sa.Column("team", sa.Text, primary_key=True),
        sa.Column("started_at", UtcDateTime, primary_key=True),
        sa.Column("ended_at", UtcDateTime, primary_key=True),
        sa.Column("budget", sa.BigInteger, nullable=False),
        sa.Column("due_at", UtcDateTime),
        sa.Column("calendar", sa.Text, nullable=False),
        sa.Column("standing", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "calendars",
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
    )
