"""Waiting mails by where they came from: sources and mailboxes take turns, so that a backlog of one holds up no other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_WAITING = sa.text("state IN ('new', 'claimed')")


def upgrade() -> None:
    op.create_index(
        "ix_inbox_waiting_source", "inbox", ["source", "account", "id"], sqlite_where=_WAITING, postgresql_where=_WAITING
    )
