"""Tables of what leaves: the outbox and the calls of webhooks."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from mailbridge.store.tables.base import metadata, partial_index
from mailbridge.store.types import CleanText, Id, UtcDateTime

# Conditions of partial indexes.  A query uses such an index only where it repeats the condition word for word.
PENDING = sa.text("state IN ('queued', 'deferred', 'sending', 'dot')")
DOT = sa.text("state = 'dot'")
UNDER_WAY = sa.text("state IN ('sending', 'dot')")
SENT = sa.text("state = 'sent'")
HELD = sa.text("state = 'held'")
FOR_RELEASE = datetime(9999, 1, 1, tzinfo=UTC)  # `next_at` of an outgoing mail that waits for an admin
SHADOWED = "shadow mode: it is not sent"  # `error` of a mail that a desk in shadow mode held at the last step
COLLECTED = "collected: "  # `error` of a held row that notifications.yaml wants told with others begins so
QUIET, DIGEST = f"{COLLECTED}quiet", f"{COLLECTED}digest"
UNSENT = sa.text("state IN ('failed', 'suppressed')")
COUNTED = sa.text("automatic IS TRUE AND audience = 'customer' AND state <> 'suppressed'")
HAS_TRACE = sa.text("trace IS NOT NULL")
OWED = sa.text("state IN ('queued', 'calling', 'deferred')")
GIVEN_UP = sa.text("state = 'failed'")

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("key", CleanText, nullable=False, unique=True),
    sa.Column("ticket", sa.BigInteger, index=True),
    sa.Column("mail", sa.BigInteger),
    sa.Column("audience", sa.Text, nullable=False),
    sa.Column("event", CleanText, nullable=False),
    sa.Column("recipient", CleanText, nullable=False),  # lower case
    sa.Column("domain", CleanText, nullable=False, server_default=""),  # of the recipient
    sa.Column("name", CleanText, nullable=False),
    sa.Column("language", CleanText, nullable=False),
    sa.Column("class", sa.Text, nullable=False),
    sa.Column("automatic", sa.Boolean, nullable=False),
    sa.Column("message_id", CleanText, unique=True),
    sa.Column("payload", CleanText, nullable=False),  # the whole Notification as JSON
    sa.Column("rendered", sa.LargeBinary),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", UtcDateTime, nullable=False),  # when the row has to be looked at again, in any state
    sa.Column("lease_owner", CleanText),
    sa.Column("lease_until", UtcDateTime),
    sa.Column("error", CleanText, nullable=False),
    sa.Column("reply", CleanText, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("sent_at", UtcDateTime),
    sa.Column("repeated", sa.Boolean, nullable=False),
    sa.Column("trace", sa.Text),  # the id of the mail that caused it; of a mail that a timer caused its own
    sa.Column("sender", CleanText),  # the identity that it comes from, lower case; NULL: the desk's own address
    partial_index("ix_outbox_pending", "next_at", where=PENDING),
    partial_index("ix_outbox_under_way", "domain", where=UNDER_WAY),
    partial_index("ix_outbox_dot", "next_at", where=DOT),
    partial_index("ix_outbox_sent", "sent_at", where=SENT),
    partial_index("ix_outbox_unsent", "id", where=UNSENT),
    partial_index("ix_outbox_held", "next_at", where=HELD),
    sa.Index("ix_outbox_recipient", "recipient", "created_at"),
    partial_index("ix_outbox_trace", "trace", where=HAS_TRACE),
    partial_index("ix_outbox_counted", "created_at", where=COUNTED),
    sqlite_autoincrement=True,
)

webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("key", CleanText, nullable=False, unique=True),
    sa.Column("ticket", sa.BigInteger, nullable=False, index=True),
    sa.Column("rule", CleanText, nullable=False),
    sa.Column("event", CleanText, nullable=False),
    sa.Column("url", CleanText, nullable=False),
    sa.Column("body", CleanText, nullable=False),  # JSON, as of the event
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", UtcDateTime, nullable=False),  # when the row has to be looked at again, in any state
    sa.Column("lease_owner", CleanText),
    sa.Column("status", sa.Integer),  # of the last answer
    sa.Column("answer", CleanText, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("done_at", UtcDateTime),
    partial_index("ix_webhooks_owed", "next_at", where=OWED),
    partial_index("ix_webhooks_given_up", "id", where=GIVEN_UP),
    sqlite_autoincrement=True,
)
