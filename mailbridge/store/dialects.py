"""The differences between SQLite and PostgreSQL.  No other module knows them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from mailbridge.store.tables.mails import blobs
from mailbridge.store.tables.tickets import counters, ticket_number

BIG = 1 << 20  # contents of at least this size are streamed; else up to six copies of a 25 MB mail would be in memory

_STEP = 1 << 20

Statement = sa.Executable


@dataclass(frozen=True, slots=True)
class Both:
    """One statement in the SQL of each database."""

    sqlite: Statement
    postgresql: Statement


def insert(table: sa.Table, finish: Callable[[Any], Any]) -> Both:
    """An insert with the dialect's own clauses; `finish` adds them (`on_conflict_do_nothing` and its like)."""
    return Both(finish(sqlite.insert(table)), finish(postgresql.insert(table)))


def insert_new(table: sa.Table) -> Both:
    """Inserts the rows that do not exist yet."""
    return insert(table, lambda statement: statement.on_conflict_do_nothing())


def upsert(table: sa.Table) -> Both:
    """Inserts a row, or overwrites all columns of the row with this primary key."""
    key = [column.name for column in table.primary_key]

    def finish(statement: Any) -> Any:
        new = {column.name: statement.excluded[column.name] for column in table.c if column.name not in key}
        return statement.on_conflict_do_update(index_elements=key, set_=new)

    return insert(table, finish)


# Ticket numbers.  On PostgreSQL a sequence, because with a counter row every worker would wait for the slowest transaction;
# on SQLite, where one writes at a time anyway, a row that rolls back with its transaction.
NEXT_TICKET = Both(
    sqlite.insert(counters)
    .values(name="ticket", value=1)
    .on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1})
    .returning(counters.c.value),
    sa.select(ticket_number.next_value()),
)

# The next ticket gets this number; no row where that number, or a higher one, was used.
CONTINUE_AT = Both(
    sqlite.insert(counters)
    .values(name="ticket", value=sa.bindparam("number", type_=sa.BigInteger) - 1)
    .on_conflict_do_update(
        index_elements=["name"],
        set_={"value": sa.bindparam("number", type_=sa.BigInteger) - 1},
        where=counters.c.value < sa.bindparam("number", type_=sa.BigInteger),
    )
    .returning(counters.c.value),
    sa.text(
        "SELECT setval('ticket_number', :number, false) FROM ticket_number "
        "WHERE last_value < :number OR (last_value = :number AND NOT is_called)"
    ),
)

_NEW_BIG_BLOB = (
    sqlite.insert(blobs)
    .values(sha256=sa.bindparam("sha256"), size=sa.bindparam("size"), content=sa.func.zeroblob(sa.bindparam("size"), type_=sa.LargeBinary))
    .on_conflict_do_nothing()
    .returning(blobs.c.id)
)


_PIECE = sa.select(sa.func.substring(blobs.c.content, sa.bindparam("start"), _STEP, type_=sa.LargeBinary)).where(
    blobs.c.id == sa.bindparam("row")
)


def streams_in(connection: sa.Connection, size: int) -> bool:
    """Whether a content of this size is written by write_big_blob.  PostgreSQL takes bytes directly."""
    return size >= BIG and connection.dialect.name == "sqlite"


def write_big_blob(connection: sa.Connection, sha256: str, data: memoryview) -> None:
    """Writes the content into its row in pieces."""
    row = connection.execute(_NEW_BIG_BLOB, {"sha256": sha256, "size": len(data)}).scalar()
    if row is None:
        return
    with driver(connection).blobopen("blobs", "content", row) as blob:
        for start in range(0, len(data), _STEP):
            blob.write(data[start : start + _STEP])


def read_big_blob(connection: sa.Connection, row: int, size: int) -> bytes:
    """The whole content of a row.  PostgreSQL sends it as hexadecimal text, so it is fetched in pieces."""
    if connection.dialect.name == "postgresql":
        pieces = (connection.execute(_PIECE, {"row": row, "start": start}).scalar() for start in range(1, size + 1, _STEP))
        return b"".join(piece for piece in pieces if piece)
    with driver(connection).blobopen("blobs", "content", row, readonly=True) as blob:
        return blob.read()


def in_transaction(connection: sa.Connection) -> bool:
    """False where SQLite ended the transaction by itself (disk full, I/O error): a commit would then succeed without effect."""
    return connection.dialect.name != "sqlite" or driver(connection).in_transaction


def driver(connection: sa.Connection) -> sqlite3.Connection:
    """The driver's connection below SQLAlchemy's connection to SQLite."""
    return cast(sqlite3.Connection, connection.connection.dbapi_connection)


# The search.  The words are folded by store.words already, so that each database is told to take them as they come: FTS5's `ascii`
# parts at blanks and leaves all beyond ASCII alone, and a tsvector is written out instead of parsed with the rules of some locale.
INDEX_MAIL = Both(
    sa.text("INSERT INTO mail_search (rowid, words) VALUES (:mail, :words)"),
    sa.text("INSERT INTO mail_search (mail, words) VALUES (:mail, CAST(:words AS tsvector))"),
)
UNINDEX_MAIL = Both(
    # https://sqlite.org/fts5.html#the_delete_command: a table without its contents takes back the words it is given.
    sa.text("INSERT INTO mail_search (mail_search, rowid, words) VALUES ('delete', :mail, :words)"),
    sa.text("DELETE FROM mail_search WHERE mail = :mail"),
)
# SQLite notes a removal beside the words and keeps both until segments are merged: https://sqlite.org/fts5.html#the_optimize_command
MERGE_INDEXES = (
    sa.text("INSERT INTO mail_search (mail_search) VALUES ('optimize')"),
    sa.text("INSERT INTO mail_search_whole (mail_search_whole) VALUES ('optimize')"),
)
HAS_WORD = sa.text("SELECT rowid FROM mail_search WHERE mail_search MATCH :asked AND rowid = :mail")  # SQLite
# Further text of a mail, in parts with the id: mail id times WHOLE_PARTS plus the part's number.
WHOLE_PARTS = 1024
WHOLE_EARLIER = 8  # latest mails of a ticket whose lines are not indexed again
WHOLE_LOOKED_AT = 60_000  # characters of such a mail; a longer one may not be indexed to its end
INDEX_WHOLE = Both(
    sa.text("INSERT INTO mail_search_whole (rowid, words) VALUES (:id, :words)"),
    sa.text("INSERT INTO mail_search_whole (id, words) VALUES (:id, CAST(:words AS tsvector))"),
)
UNINDEX_WHOLE = Both(
    sa.text("INSERT INTO mail_search_whole (mail_search_whole, rowid, words) VALUES ('delete', :id, :words)"),
    sa.text("DELETE FROM mail_search_whole WHERE id >= :id AND id < :next"),
)
HAS_WORD_WHOLE = sa.text("SELECT rowid FROM mail_search_whole WHERE mail_search_whole MATCH :asked AND rowid = :id")  # SQLite
# `place` 0: in what the person wrote now, which is shown first; 1: only in the rest.
_FOUND = Both(
    sa.text(f"""
        SELECT mail, min(place) AS place FROM (
            SELECT rowid AS mail, 0 AS place FROM mail_search WHERE mail_search MATCH :asked
            UNION ALL SELECT rowid / {WHOLE_PARTS}, 1 FROM mail_search_whole WHERE mail_search_whole MATCH :asked
        ) GROUP BY mail"""),  # noqa: S608  (a number of ours)
    sa.text(f"""
        SELECT mail, min(place) AS place FROM (
            SELECT mail, 0 AS place FROM mail_search WHERE words @@ CAST(:asked AS tsquery)
            UNION ALL SELECT id / {WHOLE_PARTS}, 1 FROM mail_search_whole WHERE words @@ CAST(:asked AS tsquery)
        ) AS places GROUP BY mail"""),  # noqa: S608
)
_LAST_PLACE = 16_383  # PostgreSQL counts no further; words beyond are found, but not that they follow each other


def searching(finish: Callable[[sa.CTE], Statement]) -> Both:
    """A query about the mails that :asked finds; `finish` selects from them (`.c.mail`, `.c.place`).

    PostgreSQL is made to use the index first.  For the newest few mails it would rather read all mails backwards, which takes very long for
    a rare word.
    """

    def found(statement: Any) -> sa.CTE:
        return cast(sa.CTE, statement.columns(sa.column("mail", sa.BigInteger), sa.column("place", sa.Integer)).cte("found"))

    return Both(finish(found(_FOUND.sqlite)), finish(found(_FOUND.postgresql).prefix_with("MATERIALIZED", dialect="postgresql")))


def index_entry(words: Sequence[str], is_sqlite: bool) -> str:
    """The words in their order, for INDEX_MAIL."""
    if is_sqlite:
        return " ".join(words)
    return " ".join(f"{word}:{min(place, _LAST_PLACE)}" for place, word in enumerate(words, start=1))


def search_question(rows: Sequence[Sequence[str]], is_sqlite: bool) -> str:
    """All word sequences must be present, each with its words in order; the last word may be a prefix."""
    if is_sqlite:
        return " AND ".join(f'"{" ".join(row)}" *' for row in rows)
    return " & ".join(f"({' <-> '.join(row)}:*)" for row in rows)
