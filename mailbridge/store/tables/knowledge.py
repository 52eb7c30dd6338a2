"""The tables of the knowledge base: articles written by mail, and what became of suggestions."""

from __future__ import annotations

import sqlalchemy as sa

from mailbridge.store.tables.base import metadata
from mailbridge.store.types import CleanText, UtcDateTime

articles = sa.Table(  # the overlay over the files of articles
    "articles",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("title", CleanText, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("text", CleanText, nullable=False),  # Markdown
    sa.Column("team", sa.Text, nullable=False),  # whose managers decide
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # draft, accepted, rejected
    sa.Column("written_at", UtcDateTime, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", UtcDateTime),
    sqlite_with_rowid=False,
)

article_outcomes = sa.Table(  # one row a ticket and article: each thing counts once
    "article_outcomes",
    metadata,
    sa.Column("ticket", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("article", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("score", sa.Integer, nullable=False),  # with which it was suggested; 0: an agent or a rule chose it
    sa.Column("shown_at", UtcDateTime),
    sa.Column("opened_at", UtcDateTime),
    sa.Column("solved_at", UtcDateTime),
    sqlite_with_rowid=False,
)
