"""Planned work and appointments as rows beside their tickets.

A database of an older version holds appointments, which become rows here, and no planned work.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_TICKETS = sa.text("SELECT id, data FROM tickets WHERE open AND data LIKE '%\"meeting\":{%'")


def upgrade() -> None:
    agenda = op.create_table(
        "agenda",
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("plan", sa.Integer(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("ticket", "plan", name="pk_agenda"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_agenda_agent", "agenda", ["agent", "begins_at"])
    op.create_index("ix_agenda_begins", "agenda", ["begins_at"])
    connection = op.get_bind()
    rows = [row for ticket, data in connection.execute(_TICKETS).all() if (row := _appointment(ticket, json.loads(data), connection))]
    if rows:
        connection.execute(sa.insert(agenda), rows)


def _appointment(ticket: int, document: dict[str, object], connection: sa.Connection) -> dict[str, object] | None:
    meeting = document.get("meeting")
    if not isinstance(meeting, dict) or meeting.get("cancelled") or not document.get("assignee"):
        return None
    begins = datetime.fromisoformat(meeting["at"]).astimezone(UTC)
    ends = begins + timedelta(minutes=meeting.get("minutes", 60))
    if connection.dialect.name == "sqlite":  # which keeps no offset
        begins, ends = begins.replace(tzinfo=None), ends.replace(tzinfo=None)
    return {"ticket": ticket, "plan": 0, "agent": document["assignee"], "begins_at": begins, "ends_at": ends, "done": False}
