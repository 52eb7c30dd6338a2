"""The first schema."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _where(condition: str) -> dict[str, Any]:
    """The condition of a partial index, for both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_table(
        "addresses",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_addresses"),
    )
    op.create_table(
        "blobs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_blobs"),
        sa.UniqueConstraint("sha256", name="uq_blobs_sha256"),
    )
    op.create_table(
        "clocks",
        sa.Column("id", _ID, nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("promise", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_clocks"),
        sa.UniqueConstraint("ticket", "promise", "step", "due_at", name="uq_clocks_ticket_promise_step_due_at"),
    )
    op.create_index("ix_clocks_running", "clocks", ["due_at"], **_where("state = 'running'"))
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.create_table(
        "cursors",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "folder", name="pk_cursors"),
    )
    op.create_table(
        "events",
        sa.Column("id", _ID, nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("mail", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("ticket", "seq", name="uq_events_ticket_seq"),
    )
    op.create_table(
        "inbox",
        sa.Column("id", _ID, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger()),
        sa.Column("uid", sa.BigInteger()),
        sa.Column("mail_from", sa.Text()),
        sa.Column("rcpt_to", sa.Text(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("helo", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("not_before", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("mail", sa.BigInteger()),
        sa.Column("ticket", sa.BigInteger()),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_inbox_aside", "inbox", ["id"], **_where("state IN ('quarantined', 'dropped')"))
    op.create_index("ix_inbox_done", "inbox", ["done_at"], **_where("state = 'done'"))
    op.create_index("ix_inbox_uid", "inbox", ["account", "folder", "uidvalidity", "uid"], unique=True, **_where("uid IS NOT NULL"))
    op.create_index("ix_inbox_unsettled", "inbox", ["account", "folder", "uid"], **_where("settled IS FALSE"))
    op.create_index("ix_inbox_waiting", "inbox", ["id"], **_where("state IN ('new', 'claimed')"))
    op.create_index("ix_inbox_waiting_message_id", "inbox", ["message_id"], **_where("state IN ('new', 'claimed')"))
    op.create_table(
        "keys",
        sa.Column("id", _ID, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_keys"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "mails",
        sa.Column("id", _ID, nullable=False),
        sa.Column("inbox", sa.BigInteger()),
        sa.Column("ticket", sa.BigInteger()),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text()),
        sa.Column("fingerprint", sa.Text()),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("date", sa.DateTime(timezone=True)),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("fresh", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text()),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("explanation", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_mails"),
        sa.UniqueConstraint("fingerprint", name="uq_mails_fingerprint"),
        sa.UniqueConstraint("inbox", name="uq_mails_inbox"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mails_message_id", "mails", ["message_id"], **_where("message_id IS NOT NULL"))
    op.create_index("ix_mails_ticket", "mails", ["ticket"])
    op.create_table(
        "outbox",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("ticket", sa.BigInteger()),
        sa.Column("mail", sa.BigInteger()),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("message_id", sa.Text()),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("rendered", sa.LargeBinary()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("repeated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
        sa.UniqueConstraint("message_id", name="uq_outbox_message_id"),
        sqlite_autoincrement=True,
    )
    counted = "automatic IS TRUE AND audience = 'customer' AND state <> 'suppressed'"
    op.create_index("ix_outbox_counted", "outbox", ["created_at"], **_where(counted))
    op.create_index("ix_outbox_pending", "outbox", ["next_at"], **_where("state IN ('queued', 'deferred', 'sending', 'dot')"))
    op.create_index("ix_outbox_recipient", "outbox", ["recipient", "created_at"])
    op.create_index("ix_outbox_sent", "outbox", ["sent_at"], **_where("state = 'sent'"))
    op.create_index("ix_outbox_ticket", "outbox", ["ticket"])
    op.create_index("ix_outbox_unsent", "outbox", ["id"], **_where("state IN ('failed', 'suppressed')"))
    op.create_table(
        "participants",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("address", "ticket", name="pk_participants"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_participants_ticket", "participants", ["ticket"])
    op.create_table(
        "policies",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_policies"),
    )
    op.create_index("ix_policies_at", "policies", ["at"])
    op.create_table(
        "state",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_state"),
    )
    op.create_table(
        "tickets",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tickets"),
    )
    op.create_index("ix_tickets_open_assignee", "tickets", ["assignee"], **_where("open IS TRUE"))
    op.create_index("ix_tickets_open_team", "tickets", ["team"], **_where("open IS TRUE"))
    op.create_index("ix_tickets_requester", "tickets", ["requester"])
    op.create_index("ix_tickets_status", "tickets", ["status"])
    op.create_table(
        "attachments",
        sa.Column("id", _ID, nullable=False),
        sa.Column("mail", sa.BigInteger(), nullable=False),
        sa.Column("ticket", sa.BigInteger()),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("content_id", sa.Text(), nullable=False),
        sa.Column("inside", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["mail"], ["mails.id"], name="fk_attachments_mail", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
    )
    op.create_index("ix_attachments_mail", "attachments", ["mail"])
    op.create_index("ix_attachments_sha256", "attachments", ["sha256"])
    op.create_index("ix_attachments_ticket", "attachments", ["ticket"])
    op.create_table(
        "mail_refs",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("mail", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["mail"], ["mails.id"], name="fk_mail_refs_mail", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message_id", "mail", name="pk_mail_refs"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_mail_refs_mail", "mail_refs", ["mail"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.CreateSequence(sa.Sequence("ticket_number")))
        # Mails are base64 and attachments are packed: trying to compress them costs time and saves little.
        op.execute("ALTER TABLE blobs ALTER COLUMN content SET STORAGE EXTERNAL")
