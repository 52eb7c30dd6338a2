"""Tickets by who opened them, for caps; kept mails by time, for the admins' daily list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "openings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ticket", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("receipt", sa.Boolean, nullable=False),
        sa.Column("grouped", sa.Integer, nullable=False),
    )
    op.create_index("ix_openings_sender", "openings", ["sender", "at"])
    form = sa.text("form <> ''")
    op.create_index("ix_openings_form", "openings", ["form", "at"], sqlite_where=form, postgresql_where=form)
    op.create_index("ix_openings_at", "openings", ["at"])
    kept = sa.text("outcome = 'kept'")
    op.create_index("ix_inbox_kept", "inbox", ["done_at"], sqlite_where=kept, postgresql_where=kept)
