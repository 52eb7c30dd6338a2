"""Tables of the pages: requests to sign in, and sessions."""

from __future__ import annotations

import sqlalchemy as sa

from mailbridge.store.tables.base import metadata
from mailbridge.store.types import CleanText, Id, UtcDateTime

sign_ins = sa.Table(  # one row for each request, also for addresses of nobody; token and code are in no column, see conversation/sign_in.py
    "sign_ins",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("person", CleanText, nullable=False),  # the agent's name; '': the address is nobody's, and no mail was sent
    sa.Column("address", CleanText, nullable=False),  # of the agent, lower case; '' for nobody's
    sa.Column("browser", CleanText, nullable=False),  # SHA-256 of the cookie of the browser that asked; '' for none
    sa.Column("back_to", CleanText, nullable=False),  # the path that is opened after the sign-in
    sa.Column("tries", sa.Integer, nullable=False),  # codes that were typed in
    sa.Column("requested_at", UtcDateTime, nullable=False, index=True),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime),
    sqlite_autoincrement=True,
)

web_sessions = sa.Table(
    "web_sessions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("secret", CleanText, nullable=False, unique=True),  # SHA-256 of the cookie
    sa.Column("person", CleanText, nullable=False, index=True),  # the agent's name
    sa.Column("browser", CleanText, nullable=False),  # "Firefox, Linux"
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False, index=True),
    sa.Column("ended_at", UtcDateTime),
    sqlite_autoincrement=True,
)
