"""The recipient's domain is a column of the outbox: a slow domain is left to one delivery worker while mail for others waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_OUTBOX = sa.table("outbox", sa.column("id", sa.BigInteger), sa.column("recipient", sa.Text), sa.column("domain", sa.Text))
_PENDING = sa.text("state IN ('queued', 'deferred', 'sending', 'dot')")
_UNDER_WAY = sa.text("state IN ('sending', 'dot')")


def upgrade() -> None:
    op.add_column("outbox", sa.Column("domain", sa.Text, nullable=False, server_default=""))
    connection = op.get_bind()
    for id_, recipient in connection.execute(sa.select(_OUTBOX.c.id, _OUTBOX.c.recipient).where(_PENDING)).all():
        connection.execute(_OUTBOX.update().where(_OUTBOX.c.id == id_).values(domain=recipient.rpartition("@")[2]))
    op.create_index("ix_outbox_under_way", "outbox", ["domain"], sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY)
