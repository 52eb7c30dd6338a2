"""What an earlier restore kept back was suppressed; it waits for an admin's release like everything else that waits for one."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from mailbridge.store.types import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_FOR_RELEASE = datetime(9999, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    outbox = sa.table("outbox", sa.column("state", sa.Text), sa.column("error", sa.Text), sa.column("next_at", UtcDateTime))
    kept_back = sa.and_(outbox.c.state == "suppressed", outbox.c.error.startswith("kept back by a restore"))
    op.execute(outbox.update().where(kept_back).values(state="held", next_at=_FOR_RELEASE))
