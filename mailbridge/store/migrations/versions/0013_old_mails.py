"""What IMAP folders held before the desk: which mails are taken, and the threads of those that are not."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "folder_starts",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("folder", sa.Text, primary_key=True),
        sa.Column("epoch", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("below", sa.BigInteger, nullable=False),
        sa.Column("first", sa.Boolean, nullable=False),
        sa.Column("anew", sa.Boolean, nullable=False),
        sa.Column("wanted", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "old_mails",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Text),
        sa.Column("thread", sa.Text),
        sa.Column("ticket", sa.BigInteger),
        sqlite_with_rowid=False,
    )
    for column in ("message_id", "thread"):
        where = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_old_mails_{column}", "old_mails", [column], sqlite_where=where, postgresql_where=where)
