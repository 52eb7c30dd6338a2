"""Until when a ticket is out of the lists, as a column that lists can ask for."""

from __future__ import annotations

import json
from datetime import datetime

import sqlalchemy as sa
from alembic import op

from mailbridge.store.types import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TICKETS = sa.table("tickets", sa.column("id", sa.BigInteger), sa.column("data", sa.Text), sa.column("snoozed_until", UtcDateTime))


def upgrade() -> None:
    op.add_column("tickets", sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True))
    connection = op.get_bind()
    rows = connection.execute(sa.select(_TICKETS.c.id, _TICKETS.c.data).where(_TICKETS.c.data.like('%"snoozed_until"%'))).all()
    for id_, data in rows:
        until = json.loads(data).get("snoozed_until")
        if until:
            moment = datetime.fromisoformat(until)
            connection.execute(_TICKETS.update().where(_TICKETS.c.id == id_).values(snoozed_until=moment))
