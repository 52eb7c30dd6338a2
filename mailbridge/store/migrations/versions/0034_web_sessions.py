"""Requests to sign in, and sessions of the pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mailbridge.store.types import CleanText, Id, UtcDateTime

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("id", Id, primary_key=True),
        sa.Column("person", CleanText, nullable=False),
        sa.Column("address", CleanText, nullable=False),
        sa.Column("browser", CleanText, nullable=False),
        sa.Column("back_to", CleanText, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("requested_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("used_at", UtcDateTime),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sign_ins_requested_at", "sign_ins", ["requested_at"])
    op.create_table(
        "web_sessions",
        sa.Column("id", Id, primary_key=True),
        sa.Column("secret", CleanText, nullable=False),
        sa.Column("person", CleanText, nullable=False),
        sa.Column("browser", CleanText, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime),
        sa.UniqueConstraint("secret", name="uq_web_sessions_secret"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_web_sessions_person", "web_sessions", ["person"])
    op.create_index("ix_web_sessions_seen_at", "web_sessions", ["seen_at"])
