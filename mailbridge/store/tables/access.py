"""Tables of senders, keys and logins."""

from __future__ import annotations

import sqlalchemy as sa

from mailbridge.store.tables.base import metadata, partial_index
from mailbridge.store.types import CleanText, Id, UtcDateTime

# Conditions of partial indexes.  A query uses such an index only where it repeats the condition word for word.
HAS_FORM = sa.text("form <> ''")

# Tables with secrets. Backups of the database do not contain them; they are stored apart, with the keys.
# oauth_grants: logins at providers.
SECRET_TABLES = frozenset({"keys", "oauth_grants"})

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
    partial_index("ix_openings_form", "form", "at", where=HAS_FORM),
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
