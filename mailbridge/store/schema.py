"""The tables for SQLAlchemy Core.  The migrations create them; a test compares both on both databases.  `mail_search` is not among them: it
differs between SQLite and PostgreSQL, and is in migration 0002 and in `dialects`.

No foreign key refers to `tickets`: a ticket's number is reserved before its row is written, and its events, clocks and notifications are
written by the same transaction in any order.  Partial indexes contain only the rows in use (waiting mails, unsent notifications, running
clocks), so their size depends on the current work and not on the history.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from mailbridge.store.types import CleanText, Id, UtcDateTime

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

# Conditions of partial indexes.  A query uses such an index only where it repeats the condition word for word.
WAITING = sa.text("state IN ('new', 'claimed')")
ASIDE = sa.text("state IN ('quarantined', 'dropped')")
DONE = sa.text("state = 'done'")
UNSETTLED = sa.text("settled IS FALSE")
PENDING = sa.text("state IN ('queued', 'deferred', 'sending', 'dot')")
DOT = sa.text("state = 'dot'")
UNDER_WAY = sa.text("state IN ('sending', 'dot')")
SENT = sa.text("state = 'sent'")
HELD = sa.text("state = 'held'")
FOR_RELEASE = datetime(9999, 1, 1, tzinfo=UTC)  # `next_at` of an outgoing mail that waits for an admin
UNSENT = sa.text("state IN ('failed', 'suppressed')")
COUNTED = sa.text("automatic IS TRUE AND audience = 'customer' AND state <> 'suppressed'")
RUNNING = sa.text("state = 'running'")
OPEN = sa.text("open IS TRUE")
HAS_UID = sa.text("uid IS NOT NULL")
OWED = sa.text("state IN ('queued', 'calling', 'deferred')")
KEPT = sa.text("outcome = 'kept'")
HAS_FORM = sa.text("form <> ''")
GIVEN_UP = sa.text("state = 'failed'")
UNDECIDED = sa.text("state = 'waiting'")
HAS_MESSAGE_ID = sa.text("message_id IS NOT NULL")
HAS_THREAD = sa.text("thread IS NOT NULL")


# Tables with secrets. Backups of the database do not contain them; they are stored apart, with the keys.
# oauth_grants: logins at providers.
SECRET_TABLES = frozenset({"keys", "oauth_grants"})


def _partial(name: str, *columns: str, where: sa.TextClause, unique: bool = False) -> sa.Index:
    return sa.Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


blobs = sa.Table(
    "blobs",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("sha256", sa.Text, nullable=False, unique=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

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
    _partial("ix_inbox_uid", "account", "folder", "uidvalidity", "uid", where=HAS_UID, unique=True),
    _partial("ix_inbox_waiting", "id", where=WAITING),
    _partial("ix_inbox_waiting_source", "source", "account", "id", where=WAITING),
    _partial("ix_inbox_waiting_message_id", "message_id", where=WAITING),
    _partial("ix_inbox_aside", "id", where=ASIDE),
    _partial("ix_inbox_done", "done_at", where=DONE),
    _partial("ix_inbox_kept", "done_at", where=KEPT),
    _partial("ix_inbox_unsettled", "account", "folder", "uid", where=UNSETTLED),
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
    _partial("ix_held_undecided", "agent", "inbox", where=UNDECIDED),
    sa.Index("ix_held_notice", "notice"),
    sqlite_with_rowid=False,
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
    _partial("ix_mails_message_id", "message_id", where=sa.text("message_id IS NOT NULL")),
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

counters = sa.Table(  # ticket numbers of SQLite; PostgreSQL uses the sequence below
    "counters",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

ticket_number = sa.Sequence("ticket_number", metadata=metadata)

tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False, index=True),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("priority", sa.Text, nullable=False),
    sa.Column("team", CleanText, nullable=False),
    sa.Column("assignee", CleanText, nullable=False),
    sa.Column("requester", CleanText, nullable=False, index=True),  # lower case
    sa.Column("subject", CleanText, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("closed_at", UtcDateTime),
    sa.Column("data", CleanText, nullable=False),  # the whole Ticket as JSON
    sa.Column("snoozed_until", UtcDateTime),  # not in the lists until then
    _partial("ix_tickets_open_team", "team", where=OPEN),
    _partial("ix_tickets_open_assignee", "assignee", where=OPEN),
)

participants = sa.Table(
    "participants",
    metadata,
    sa.Column("address", CleanText, primary_key=True),  # lower case
    sa.Column("ticket", sa.BigInteger, primary_key=True, index=True),
    sa.Column("role", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("ticket", sa.BigInteger, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("actor_kind", sa.Text, nullable=False),
    sa.Column("actor", CleanText, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("data", CleanText, nullable=False),  # JSON
    sa.Column("mail", sa.BigInteger),
    sa.UniqueConstraint("ticket", "seq"),
)

activities = sa.Table(  # the activities of tickets, as in each ticket's document
    "activities",
    metadata,
    sa.Column("ticket", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("activity", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("type", CleanText, nullable=False),  # of the ticket
    sa.Column("agent", CleanText, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("day", sa.Text, nullable=False),  # ISO 8601: its order is that of the days
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("charged", sa.Integer, nullable=False),
    sa.Column("km", sa.Float, nullable=False),
    sa.Column("place", CleanText, nullable=False),
    sa.Column("billable", sa.Boolean, nullable=False),
    sa.Column("text", CleanText, nullable=False),
    sa.Index("ix_activities_agent", "agent", "day"),
    sa.Index("ix_activities_day", "day"),
    sa.Index("ix_activities_type", "type", "ticket"),
    sqlite_with_rowid=False,
)

clocks = sa.Table(
    "clocks",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("ticket", sa.BigInteger, nullable=False),
    sa.Column("promise", sa.Text, nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("fired_at", UtcDateTime),
    sa.UniqueConstraint("ticket", "promise", "step", "due_at"),
    _partial("ix_clocks_running", "due_at", where=RUNNING),
)

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
    _partial("ix_outbox_pending", "next_at", where=PENDING),
    _partial("ix_outbox_under_way", "domain", where=UNDER_WAY),
    _partial("ix_outbox_dot", "next_at", where=DOT),
    _partial("ix_outbox_sent", "sent_at", where=SENT),
    _partial("ix_outbox_unsent", "id", where=UNSENT),
    _partial("ix_outbox_held", "next_at", where=HELD),
    sa.Index("ix_outbox_recipient", "recipient", "created_at"),
    _partial("ix_outbox_counted", "created_at", where=COUNTED),
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
    _partial("ix_webhooks_owed", "next_at", where=OWED),
    _partial("ix_webhooks_given_up", "id", where=GIVEN_UP),
    sqlite_autoincrement=True,
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
    _partial("ix_old_mails_message_id", "message_id", where=HAS_MESSAGE_ID),
    _partial("ix_old_mails_thread", "thread", where=HAS_THREAD),
    sqlite_with_rowid=False,
)

addresses = sa.Table(
    "addresses",
    metadata,
    sa.Column("address", CleanText, primary_key=True),  # lower case
    sa.Column("until", UtcDateTime),
    sa.Column("reason", CleanText, nullable=False),
)

openings = sa.Table(  # tickets that count against the caps of who opened them; kept for days
    "openings",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("sender", CleanText, nullable=False),  # whose cap: see `handling.sender_limits`
    sa.Column("form", CleanText, nullable=False),  # the address of the form it came through; '' for none
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("ticket", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("receipt", sa.Boolean, nullable=False),
    sa.Column("grouped", sa.Integer, nullable=False),  # mails that went onto the ticket because there were too many
    sa.Index("ix_openings_sender", "sender", "at"),
    _partial("ix_openings_form", "form", "at", where=HAS_FORM),
    sa.Index("ix_openings_at", "at"),
)

keys = sa.Table(
    "keys",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("live", sa.Boolean, nullable=False),
    sqlite_autoincrement=True,
)

pairings = sa.Table(
    "pairings",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("agent", CleanText, nullable=False),
    sa.Column("address", CleanText, nullable=False),  # of the agent, lower case
    sa.Column("nonce", CleanText, nullable=False, unique=True),  # SHA-256 of the mailed code
    sa.Column("requested_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("answered_at", UtcDateTime),
    sa.Column("source", CleanText, nullable=False),  # imap:support; '' until it was answered
    sa.Column("believes", CleanText, nullable=False),  # JSON: what is believed of this address by this source; '' where nothing is
    sa.Column("result", CleanText, nullable=False),  # what the answer showed, in words
    sa.Column("ended_at", UtcDateTime),  # when it was taken back or replaced
    sqlite_autoincrement=True,
)

oauth_grants = sa.Table(  # one row a login at an OAuth provider; see store/grants.py
    "oauth_grants",
    metadata,
    sa.Column("account", CleanText, primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),  # the tokens, encrypted
    sa.Column("identity", CleanText, nullable=False),
    sa.Column("scope", CleanText, nullable=False),
    sa.Column("issued_at", UtcDateTime),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("refresh_at", UtcDateTime),
    sa.Column("refresh_expires_at", UtcDateTime),
    sa.Column("client", CleanText, nullable=False),
    sa.Column("refusals", sa.Integer, nullable=False),
    sa.Column("refused_at", UtcDateTime),
    sa.Column("fault", CleanText, nullable=False),
    sa.Column("refusal", CleanText, nullable=False),
    sa.Column("paused_at", UtcDateTime),
    sa.Column("failed_at", UtcDateTime),
    sa.Column("failure", CleanText, nullable=False),
    sa.Column("note", CleanText, nullable=False),
    sa.Column("renewing", CleanText, nullable=False),  # owner of the renewal's lease; '' for none
    sa.Column("renewing_until", UtcDateTime),
)

policies = sa.Table(
    "policies",
    metadata,
    sa.Column("version", CleanText, primary_key=True),
    sa.Column("files", CleanText, nullable=False),  # JSON: name -> text
    sa.Column("at", UtcDateTime, nullable=False, index=True),
)

sources = sa.Table(  # state of each source and way out; one row for each in the configuration
    "sources",
    metadata,
    sa.Column("source", CleanText, primary_key=True),  # imap:support/INBOX, smtp:127.0.0.1:2525, outgoing, scanner:clamd, dns
    sa.Column("watched_since", UtcDateTime, nullable=False),
    sa.Column("proven_at", UtcDateTime),  # when it was last seen to work
    sa.Column("proof", CleanText, nullable=False),  # the proof
    sa.Column("mail_at", UtcDateTime),  # when the last mail came by it
    sa.Column("failed_at", UtcDateTime),
    sa.Column("reason", CleanText, nullable=False),  # of the last failure
    sa.Column("failing_since", UtcDateTime),  # None while it works
    sa.Column("next_at", UtcDateTime),  # when it is tried again
    sa.Column("silence", CleanText, nullable=False),  # why no mail for so long is unlikely; '' where it is not
    sa.Column("told", CleanText, nullable=False),  # state that the administrators were notified of: failing, silent, or ''
    sa.Column("told_at", UtcDateTime),
    sqlite_with_rowid=False,
)

arrivals = sa.Table(  # mails a source brought in each hour, kept for some weeks, to know which silence is usual
    "arrivals",
    metadata,
    sa.Column("source", CleanText, primary_key=True),
    sa.Column("hour", sa.BigInteger, primary_key=True, autoincrement=False),  # hours since 1970-01-01 00:00 UTC
    sa.Column("mails", sa.Integer, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

state = sa.Table(
    "state",
    metadata,
    sa.Column("key", CleanText, primary_key=True),
    sa.Column("value", CleanText, nullable=False),  # JSON
    sa.Column("at", UtcDateTime, nullable=False),
)
