"""Mails whose outcome is unknown have an index of their own: each turn of a sender looks for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_DOT = sa.text("state = 'dot'")


def upgrade() -> None:
    op.create_index("ix_outbox_dot", "outbox", ["next_at"], sqlite_where=_DOT, postgresql_where=_DOT)
