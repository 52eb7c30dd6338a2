"""Outgoing mails that wait for an admin, or to be told with others in one mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    where = sa.text("state = 'held'")
    op.create_index("ix_outbox_held", "outbox", ["next_at"], sqlite_where=where, postgresql_where=where)
