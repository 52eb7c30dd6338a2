"""Tables of the desk itself: its rules, its sources of mail, its state."""

from __future__ import annotations

import sqlalchemy as sa

from mailbridge.store.tables.base import metadata
from mailbridge.store.types import CleanText, Id, UtcDateTime

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

lease_holders = sa.Table(  # the processes that claim rows of the queues, see store/lease_holders.py
    "lease_holders",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", CleanText, nullable=False),  # host:pid
    sa.Column("version", CleanText, nullable=False),  # of the program
    sa.Column("renewals", sa.BigInteger, nullable=False),
    sa.Column("dead", sa.Boolean, nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

state = sa.Table(
    "state",
    metadata,
    sa.Column("key", CleanText, primary_key=True),
    sa.Column("value", CleanText, nullable=False),  # JSON
    sa.Column("at", UtcDateTime, nullable=False),
)

calendar_feeds = sa.Table(  # the last good content of each
    "calendar_feeds",
    metadata,
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("events", sa.Integer, nullable=False),
    sa.Column("skipped", sa.Integer, nullable=False),
    sa.Column("fetched_at", UtcDateTime),
    sa.Column("tried_at", UtcDateTime),
    sa.Column("fault", CleanText, nullable=False),
)

job_failures = sa.Table(  # what jobs could not do, until an attempt succeeds
    "job_failures",
    metadata,
    sa.Column("job", CleanText, primary_key=True),
    sa.Column("item", CleanText, primary_key=True),  # key of a deadline, ticket, bank, …; '' for the whole job
    sa.Column("about", CleanText, nullable=False),  # the item, for people
    sa.Column("reason", CleanText, nullable=False),  # kind of the error and its place in the program
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("failed_at", UtcDateTime, nullable=False),
    sa.Column("next_at", UtcDateTime, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("told_at", UtcDateTime),  # when the administrators were notified
    sqlite_with_rowid=False,
)

wishes = sa.Table(  # what people wish for themselves, and blocked senders: append-only, the newest row of a wish counts
    "wishes",
    metadata,
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),  # of all wishes, without gaps
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("actor_kind", sa.Text, nullable=False),
    sa.Column("actor", CleanText, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("person", CleanText, nullable=False),  # an agent's name, a customer's address; '' for the desk
    sa.Column("name", CleanText, nullable=False),  # of a list; an address or @domain
    sa.Column("data", CleanText),  # JSON: key -> value; None: the wish ended
    sqlite_with_rowid=False,
)
