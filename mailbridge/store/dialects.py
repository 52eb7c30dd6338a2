"""The only place that knows how SQLite and PostgreSQL differ."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from mailbridge.store.schema import blobs, counters, ticket_number

BIG = 1 << 20  # contents of this size and more are streamed: the usual way would hold up to six copies of a 25 MB mail

_STEP = 1 << 20

Statement = sa.Executable


@dataclass(frozen=True, slots=True)
class Both:
    """One change in the words of each database."""

    sqlite: Statement
    postgresql: Statement


def insert(table: sa.Table, finish: Callable[[Any], Any]) -> Both:
    """An insert with the dialect's own clauses; `finish` adds them (`on_conflict_do_nothing` and its like)."""
    return Both(finish(sqlite.insert(table)), finish(postgresql.insert(table)))


def insert_new(table: sa.Table) -> Both:
    """Inserts the rows that are not there yet, and leaves the others alone."""
    return insert(table, lambda statement: statement.on_conflict_do_nothing())


def upsert(table: sa.Table) -> Both:
    """Inserts a row, or overwrites all its columns where its primary key is there."""
    key = [column.name for column in table.primary_key]

    def finish(statement: Any) -> Any:
        new = {column.name: statement.excluded[column.name] for column in table.c if column.name not in key}
        return statement.on_conflict_do_update(index_elements=key, set_=new)

    return insert(table, finish)


# Ticket numbers.  On PostgreSQL a sequence, because a counter row would make every worker wait for the slowest transaction;
# on SQLite, where one writes at a time anyway, a row that rolls back with its transaction.
NEXT_TICKET = Both(
    sqlite.insert(counters)
    .values(name="ticket", value=1)
    .on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1})
    .returning(counters.c.value),
    sa.select(ticket_number.next_value()),
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
    """Whether a content of this size goes by write_big_blob.  PostgreSQL takes bytes as they are."""
    return size >= BIG and connection.dialect.name == "sqlite"


def write_big_blob(connection: sa.Connection, sha256: str, data: memoryview) -> None:
    """The content is in its row, written piece by piece."""
    row = connection.execute(_NEW_BIG_BLOB, {"sha256": sha256, "size": len(data)}).scalar()
    if row is None:
        return
    with _sqlite(connection).blobopen("blobs", "content", row) as blob:
        for start in range(0, len(data), _STEP):
            blob.write(data[start : start + _STEP])


def read_big_blob(connection: sa.Connection, row: int, size: int) -> bytes:
    """The whole content of a row.  PostgreSQL sends it as hexadecimal text, so it is fetched in pieces."""
    if connection.dialect.name == "postgresql":
        pieces = (connection.execute(_PIECE, {"row": row, "start": start}).scalar() for start in range(1, size + 1, _STEP))
        return b"".join(piece for piece in pieces if piece)
    with _sqlite(connection).blobopen("blobs", "content", row, readonly=True) as blob:
        return blob.read()


def in_transaction(connection: sa.Connection) -> bool:
    """False where SQLite gave the transaction up by itself (disk full, I/O error): a commit would then say yes to nothing."""
    return connection.dialect.name != "sqlite" or _sqlite(connection).in_transaction


def _sqlite(connection: sa.Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.dbapi_connection)
