"""Tables of the mails of tickets and of their attachments."""

from __future__ import annotations

import sqlalchemy as sa

from mailbridge.store.tables.base import metadata, partial_index
from mailbridge.store.types import CleanText, Id, UtcDateTime

blobs = sa.Table(
    "blobs",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("sha256", sa.Text, nullable=False, unique=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

mails = sa.Table(
    "mails",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("inbox", sa.BigInteger, unique=True),
    sa.Column("ticket", sa.BigInteger, index=True),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("message_id", CleanText),
    sa.Column("fingerprint", sa.Text, unique=True),
    sa.Column("sender", CleanText, nullable=False),
    sa.Column("sender_name", CleanText, nullable=False),
    sa.Column("verified", sa.Boolean, nullable=False),
    sa.Column("subject", CleanText, nullable=False),
    sa.Column("date", UtcDateTime),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("text", CleanText, nullable=False),
    sa.Column("fresh", CleanText, nullable=False),
    sa.Column("html", CleanText, nullable=False),
    sa.Column("sha256", sa.Text),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("internal", sa.Boolean, nullable=False),
    sa.Column("explanation", CleanText),  # JSON
    partial_index("ix_mails_message_id", "message_id", where=sa.text("message_id IS NOT NULL")),
    sqlite_autoincrement=True,
)

mail_refs = sa.Table(
    "mail_refs",
    metadata,
    sa.Column("message_id", CleanText, primary_key=True),
    sa.Column("mail", sa.BigInteger, sa.ForeignKey("mails.id", ondelete="CASCADE"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

attachments = sa.Table(
    "attachments",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("mail", sa.BigInteger, sa.ForeignKey("mails.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("ticket", sa.BigInteger, index=True),
    sa.Column("part", sa.Text, nullable=False),
    sa.Column("name", CleanText, nullable=False),
    sa.Column("content_type", CleanText, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False, index=True),
    sa.Column("disposition", CleanText, nullable=False),
    sa.Column("content_id", CleanText, nullable=False),
    sa.Column("inside", sa.Text, nullable=False),
    sa.Column("summary", CleanText, nullable=False, server_default=""),  # what an invitation says
    sa.Column("hidden", sa.Boolean, nullable=False, server_default=sa.false()),  # an image of the sender's signature, not shown
)

seen_pictures = sa.Table(  # on how many mails of a sender a small inline picture was; counting the attachments would get slower by the year
    "seen_pictures",
    metadata,
    sa.Column("sender", CleanText, primary_key=True),  # lower case
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("times", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)
