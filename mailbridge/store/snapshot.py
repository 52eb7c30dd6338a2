"""Digests of all rows of a database, by table, within one snapshot, to compare with a restored copy.

A table is read in the order of its primary key, row by row.  Each batch of `BATCH` rows has its own SHA-256, so that a difference is
reported with its keys.  A value enters the digest with its type and length, a content as its SHA-256.  The columns are those of the
database, in any schema version.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import psycopg
from psycopg import sql

BATCH = 1000
_FETCHED = 100  # rows that the server of PostgreSQL sends at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Consecutive rows: the first and the last key, their number, and their digest."""

    first: str
    last: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDigest:
    name: str
    columns: tuple[str, ...]
    rows: int
    batches: tuple[Batch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A table as it is in the database.  `key`: the columns that order its rows."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    types: tuple[str, ...]


class Rows(Protocol):
    """A database in one snapshot."""

    def layouts(self) -> list[Layout]: ...

    def rows(self, layout: Layout) -> Iterable[Sequence[Any]]: ...

    def wrong_blobs(self) -> list[str]: ...


def digests(source: Rows, skip: frozenset[str]) -> tuple[TableDigest, ...]:
    """The digests of all tables except `skip`, by name."""
    return tuple(_digest(source, layout) for layout in sorted(source.layouts(), key=lambda one: one.name) if layout.name not in skip)


def differences(expected: Sequence[TableDigest], found: Sequence[TableDigest]) -> list[str]:
    """The differences, one sentence each; empty where all rows are equal."""
    theirs = {table.name: table for table in found}
    told = [f"table {table.name} is missing" for table in expected if table.name not in theirs]
    told += [f"table {name} is new" for name in sorted(theirs.keys() - {table.name for table in expected})]
    for table in expected:
        if table.name in theirs:
            told += _between(table, theirs[table.name])
    return told


def _between(expected: TableDigest, found: TableDigest) -> list[str]:
    if expected.columns != found.columns:
        return [f"table {expected.name} has other columns"]
    if expected.rows != found.rows:
        return [f"table {expected.name} has {found.rows} rows instead of {expected.rows}"]
    return [
        f"table {expected.name}: a row from {one.first} to {one.last} differs"
        for one, other in zip(expected.batches, found.batches, strict=True)
        if one != other
    ]


def _digest(source: Rows, layout: Layout) -> TableDigest:
    places = [layout.columns.index(name) for name in layout.key]
    batches: list[Batch] = []
    counted, hashed, first, last = 0, hashlib.sha256(), "", ""
    for row in source.rows(layout):
        last = ", ".join(_shown(row[place]) for place in places)
        first = first if counted else last
        hashed.update(b"".join(_encoded(value) for value in row) + b"\n")
        counted += 1
        if counted == BATCH:
            batches.append(Batch(first=first, last=last, rows=counted, sha256=hashed.hexdigest()))
            counted, hashed = 0, hashlib.sha256()
    if counted:
        batches.append(Batch(first=first, last=last, rows=counted, sha256=hashed.hexdigest()))
    rows = sum(batch.rows for batch in batches)
    return TableDigest(name=layout.name, columns=layout.columns, rows=rows, batches=tuple(batches))


def _encoded(value: object) -> bytes:
    match value:
        case None:
            return b"N;"
        case bool():
            return b"B%d;" % value
        case int():
            return b"I%d;" % value
        case float():
            return b"F%s;" % repr(value).encode()
        case str():
            content = value.encode("utf-8", "surrogatepass")
            return b"S%d:%s;" % (len(content), content)
        case datetime():
            return b"D%s;" % value.astimezone(UTC).isoformat().encode()
        case bytes() | memoryview():
            return b"X%s;" % hashlib.sha256(value).hexdigest().encode()
        case _:
            raise TypeError(f"a value of kind {type(value).__name__} in a table")


def _shown(value: object) -> str:
    """Part of a key for people; an address or a text is cut."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text if len(text) <= 40 else f"{text[:37]}…"


class SqliteRows:
    """The rows that the open transaction of a connection sees."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def layouts(self) -> list[Layout]:
        found = self._connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
        return [self._layout(name) for name, text in found if not _is_virtual(text) and _is_kept(name)]

    def _layout(self, name: str) -> Layout:
        columns = self._connection.execute(f"PRAGMA table_info({_quoted(name)})").fetchall()
        key = tuple(column[1] for column in sorted(columns, key=lambda column: column[5]) if column[5])
        names = tuple(str(column[1]) for column in columns)
        return Layout(name=name, columns=names, key=key or names, types=tuple(str(column[2]) for column in columns))

    def rows(self, layout: Layout) -> Iterator[Sequence[Any]]:
        columns, key = (", ".join(_quoted(name) for name in names) for names in (layout.columns, layout.key))
        text = self._connection.text_factory
        self._connection.text_factory = _as_it_is
        try:
            yield from self._connection.execute(f"SELECT {columns} FROM {_quoted(layout.name)} ORDER BY {key}")  # noqa: S608  (names of the schema)
        finally:
            self._connection.text_factory = text

    def wrong_blobs(self) -> list[str]:
        """The names of contents whose SHA-256 is not their name."""
        found = self._connection.execute("SELECT sha256, content FROM blobs ORDER BY id")
        return [name for name, content in found if hashlib.sha256(content).hexdigest() != name]


def _as_it_is(text: bytes) -> str:
    """A text that is no valid UTF-8 is reported as different and does not end the comparison."""
    return text.decode("utf-8", "surrogateescape")


def _is_virtual(text: str | None) -> bool:
    return (text or "").upper().startswith("CREATE VIRTUAL")


def _is_kept(name: str) -> bool:
    """SQLite's own tables hold statistics, but for the one of the numbers that are never given again."""
    return name == "sqlite_sequence" or not name.startswith("sqlite_")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


_TABLES = """
    SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')
"""
_COLUMNS = """
    SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
    WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_KEY = """
    SELECT a.attname FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS k(attnum, place)
    JOIN pg_attribute a ON a.attnum = k.attnum WHERE i.indrelid = %s AND i.indisprimary AND a.attrelid = i.indrelid ORDER BY k.place
"""


class PostgresRows:
    """The rows of the first schema of the search path, as the open transaction of a connection sees them."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def layouts(self) -> list[Layout]:
        return [self._layout(oid, name) for oid, name in self._connection.execute(_TABLES).fetchall()]

    def _layout(self, oid: int, name: str) -> Layout:
        columns = self._connection.execute(_COLUMNS, (oid,)).fetchall()
        key = tuple(row[0] for row in self._connection.execute(_KEY, (oid,)))
        names = tuple(row[0] for row in columns)
        return Layout(name=name, columns=names, key=key or names, types=tuple(row[1] for row in columns))

    def rows(self, layout: Layout) -> Iterator[Sequence[Any]]:
        types = dict(zip(layout.columns, layout.types, strict=True))
        columns = sql.SQL(", ").join(_selected(name, types[name]) for name in layout.columns)
        key = sql.SQL(", ").join(_ordered(name, types[name]) for name in layout.key)
        with self._connection.cursor(name="rows") as cursor:
            cursor.itersize = _FETCHED
            cursor.execute(sql.SQL("SELECT {} FROM {} ORDER BY {}").format(columns, sql.Identifier(layout.name), key))
            yield from cursor

    def wrong_blobs(self) -> list[str]:
        """The names of contents whose SHA-256 is not their name."""
        found = self._connection.execute("SELECT sha256 FROM blobs WHERE encode(sha256(content), 'hex') <> sha256 ORDER BY id")
        return [row[0] for row in found]


def _selected(name: str, kind: str) -> sql.Composable:
    """The server counts the digest of a content itself: sent as a value, a large one would travel as hexadecimal text."""
    words = "encode(sha256({}), 'hex')" if kind == "bytea" else "CAST({} AS text)" if kind == "tsvector" else "{}"
    return sql.SQL(words).format(sql.Identifier(name))


def _ordered(name: str, kind: str) -> sql.Composable:
    """The order of texts depends on the database's locale, and the copy may have another one."""
    return sql.SQL('{} COLLATE "C"' if kind in ("text", "character varying") else "{}").format(sql.Identifier(name))
