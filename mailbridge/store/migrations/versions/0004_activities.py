"""Recorded work as rows beside its tickets, for sums over many of them.

A database of an older version holds no work yet: nothing could record any.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "activities",
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("activity", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("charged", sa.Integer(), nullable=False),
        sa.Column("km", sa.Float(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("billable", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("ticket", "activity", name="pk_activities"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_activities_agent", "activities", ["agent", "day"])
    op.create_index("ix_activities_day", "activities", ["day"])
    op.create_index("ix_activities_type", "activities", ["type", "ticket"])
