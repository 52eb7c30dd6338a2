"""Calls that rules ask for are promised with the ticket and made afterwards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", _MOMENT, nullable=False),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("status", sa.Integer()),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("done_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
        sa.UniqueConstraint("key", name="uq_webhooks_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhooks_ticket", "webhooks", ["ticket"])
    _partial("ix_webhooks_owed", "next_at", "state IN ('queued', 'calling', 'deferred')")
    _partial("ix_webhooks_given_up", "id", "state = 'failed'")


def _partial(name: str, column: str, condition: str) -> None:
    op.create_index(name, "webhooks", [column], sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))
