"""Tables of mails that come in: the inbox, held mails, the read positions of IMAP folders, the mails from before the desk."""

from __future__ import annotations

import sqlalchemy as sa

from mailbridge.store.tables.base import metadata, partial_index
from mailbridge.store.types import CleanText, Id, UtcDateTime

# Conditions of partial indexes.  A query uses such an index only where it repeats the condition word for word.
WAITING = sa.text("state IN ('new', 'claimed')")
ASIDE = sa.text("state IN ('quarantined', 'dropped')")
DONE = sa.text("state = 'done'")
UNSETTLED = sa.text("settled IS FALSE")
HAS_UID = sa.text("uid IS NOT NULL")
KEPT = sa.text("outcome = 'kept'")
UNDECIDED = sa.text("state = 'waiting'")
HAS_MESSAGE_ID = sa.text("message_id IS NOT NULL")
HAS_TRACE = sa.text("trace IS NOT NULL")
HAS_THREAD = sa.text("thread IS NOT NULL")

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("account", CleanText, nullable=False),
    sa.Column("folder", CleanText, nullable=False),
    sa.Column("uidvalidity", sa.BigInteger),
    sa.Column("uid", sa.BigInteger),
    sa.Column("mail_from", CleanText),
    sa.Column("rcpt_to", CleanText, nullable=False),  # JSON array
    sa.Column("peer", CleanText, nullable=False),
    sa.Column("helo", CleanText, nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("message_id", CleanText),  # a hint from the raw header, for order only
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("lease_owner", CleanText),
    sa.Column("lease_until", UtcDateTime),
    sa.Column("not_before", UtcDateTime),
    sa.Column("outcome", sa.Text),
    sa.Column("reason", CleanText, nullable=False),
    sa.Column("mail", sa.BigInteger),
    sa.Column("ticket", sa.BigInteger),
    sa.Column("done_at", UtcDateTime),
    sa.Column("settled", sa.Boolean, nullable=False),  # acknowledged on the IMAP server (flag, move, delete), or nothing to acknowledge
    sa.Column("settled_as", sa.Text),  # how: leave, flag, seen, move, delete; gone: it was not there any more
    sa.Column("trace", sa.Text),  # the id that the mail has in logs and commands
    sa.Column("handler", sa.Text),  # the row of `handling.table` that took the mail
    partial_index("ix_inbox_uid", "account", "folder", "uidvalidity", "uid", where=HAS_UID, unique=True),
    partial_index("ix_inbox_waiting", "id", where=WAITING),
    partial_index("ix_inbox_waiting_source", "source", "account", "id", where=WAITING),
    partial_index("ix_inbox_waiting_message_id", "message_id", where=WAITING),
    partial_index("ix_inbox_aside", "id", where=ASIDE),
    partial_index("ix_inbox_done", "done_at", where=DONE),
    partial_index("ix_inbox_kept", "done_at", where=KEPT),
    partial_index("ix_inbox_unsettled", "account", "folder", "uid", where=UNSETTLED),
    partial_index("ix_inbox_trace", "trace", where=HAS_TRACE),
    sqlite_autoincrement=True,
)

held = sa.Table(  # unproven mails in an agent's name, held as a whole or in part
    "held",
    metadata,
    sa.Column("inbox", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("agent", CleanText, nullable=False),
    sa.Column("what", sa.Text, nullable=False),  # mail: the whole mail; lines: its commands alone
    sa.Column("why", CleanText, nullable=False),
    sa.Column("subject", CleanText, nullable=False),
    sa.Column("lines", CleanText, nullable=False),  # the commands, for show
    sa.Column("ticket", sa.BigInteger),
    sa.Column("came_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # waiting, agreed, refused
    sa.Column("notice", sa.BigInteger),  # the number of the mail that asked the agent about it
    partial_index("ix_held_undecided", "agent", "inbox", where=UNDECIDED),
    sa.Index("ix_held_notice", "notice"),
    sqlite_with_rowid=False,
)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("account", CleanText, primary_key=True),
    sa.Column("folder", CleanText, primary_key=True),
    sa.Column("uidvalidity", sa.BigInteger, nullable=False),
    sa.Column("last_uid", sa.BigInteger, nullable=False),
)

folder_starts = sa.Table(  # what an IMAP folder held when it was opened for the first time, or read anew
    "folder_starts",
    metadata,
    sa.Column("account", CleanText, primary_key=True),
    sa.Column("folder", CleanText, primary_key=True),
    sa.Column("epoch", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("below", sa.BigInteger, nullable=False),  # UIDs from here on came later
    sa.Column("first", sa.Boolean, nullable=False),  # the mails below are those of a first connect
    sa.Column("anew", sa.Boolean, nullable=False),  # the folder was read before, under other UIDs
    sa.Column("wanted", CleanText, nullable=False),  # UIDs to take, as a set of RFC 9051; '*' for all
    sqlite_with_rowid=False,
)

old_mails = sa.Table(  # mails that were in a folder before the desk and are not taken: their threads are known
    "old_mails",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),  # SHA-256 of what the sender wrote in the header
    sa.Column("message_id", CleanText),
    sa.Column("thread", CleanText),  # the Message-ID that the thread began with
    sa.Column("ticket", sa.BigInteger),  # where the thread goes on
    partial_index("ix_old_mails_message_id", "message_id", where=HAS_MESSAGE_ID),
    partial_index("ix_old_mails_thread", "thread", where=HAS_THREAD),
    sqlite_with_rowid=False,
)
