"""The tables of solved requests, with which new ones are compared."""

from __future__ import annotations

import sqlalchemy as sa

from mailbridge.store.tables.base import metadata
from mailbridge.store.types import CleanText

solved_requests = sa.Table(  # closed tickets with the answer that solved the request; kept only where answers are suggested
    "solved_requests",
    metadata,
    sa.Column("ticket", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("team", CleanText, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("answer", sa.BigInteger, nullable=False),  # the mail
    sa.Column("title", CleanText, nullable=False),  # terms of the subject, separated by blanks
    sa.Column("body", CleanText, nullable=False),  # terms of the first message
    sa.Index("ix_solved_requests_team", "team", "language", "ticket"),
    sqlite_with_rowid=False,
)

solved_terms = sa.Table(  # which of them hold a term, newest last
    "solved_terms",
    metadata,
    sa.Column("team", CleanText, primary_key=True),
    sa.Column("language", sa.Text, primary_key=True),
    sa.Column("term", CleanText, primary_key=True),
    sa.Column("ticket", sa.BigInteger, primary_key=True, autoincrement=False, index=True),
    sqlite_with_rowid=False,
)
