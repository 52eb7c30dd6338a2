"""The last good content of calendar feeds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mailbridge.store.types import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_feeds",
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("events", sa.Integer, nullable=False),
        sa.Column("skipped", sa.Integer, nullable=False),
        sa.Column("fetched_at", UtcDateTime),
        sa.Column("tried_at", UtcDateTime),
        sa.Column("fault", sa.Text, nullable=False),
    )
