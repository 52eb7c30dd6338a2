"""Copies the whole database during operation, with digests and secrets of the same moment.

The rows of tables with secrets (`schema.SECRET_TABLES`) are not in the copy.  They are returned to the caller, who stores them elsewhere.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import sqlalchemy as sa
from psycopg import sql

from mailbridge.errors import Permanent
from mailbridge.store import connections, postgres_tools
from mailbridge.store.failures import FAILURES, in_our_words
from mailbridge.store.snapshot import PostgresRows, Rows, SqliteRows, TableDigest, differences, digests
from mailbridge.store.tables.access import SECRET_TABLES

_LEFT_OUT = SECRET_TABLES | {"alembic_version"}
_PATIENCE = 30.0  # seconds

SecretRows = Mapping[str, tuple[Mapping[str, Any], ...]]  # table -> rows, column -> value


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyReport:
    """Data about a copy.  `schema`: the namespace of the tables on PostgreSQL."""

    kind: str  # sqlite | postgresql
    revision: str
    schema: str
    server: str  # version of the database
    tables: tuple[TableDigest, ...]
    secrets: SecretRows


def copy(url: str, file: Path) -> CopyReport:
    """Copies the database to `file`, which exists and is empty.  Raises StoreAway; Permanent where the database or a program cannot do it.
    """
    target = connections.parsed(url)
    try:
        return _copy_sqlite(Path(target.database or ""), file) if _is_sqlite(target) else _copy_postgres(target, file)
    except (*FAILURES, sqlite3.Error, psycopg.Error) as error:
        raise in_our_words(error) from error


def _is_sqlite(target: sa.URL) -> bool:
    return target.get_backend_name() == "sqlite"


def _copy_sqlite(path: Path, file: Path) -> CopyReport:
    if not path.exists():
        raise Permanent("there is no database to back up", file=path)
    with closing(_sqlite(path)) as source:
        source.execute("BEGIN")
        revision = source.execute("SELECT version_num FROM alembic_version").fetchone()[0]  # the snapshot begins here
        kept = {name: _sqlite_rows(source, name) for name in _secret(SqliteRows(source))}
        tables = digests(SqliteRows(source), _LEFT_OUT)
        with closing(sqlite3.connect(file, isolation_level=None)) as copied:
            source.backup(copied)
            _empty(copied, kept)
    return CopyReport(kind="sqlite", revision=revision, schema="", server=sqlite3.sqlite_version, tables=tables, secrets=kept)


def _empty(copied: sqlite3.Connection, names: Mapping[str, object]) -> None:
    """Empties the tables, overwrites their pages, and makes the copy one file."""
    copied.execute("PRAGMA journal_mode=DELETE")
    copied.execute("PRAGMA secure_delete=ON")
    for name in names:
        copied.execute(f'DELETE FROM "{name}"')  # noqa: S608  (names of ours)


def _sqlite(path: Path, mode: str = "rw") -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}", uri=True, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
    )


def _sqlite_rows(source: sqlite3.Connection, name: str) -> tuple[Mapping[str, Any], ...]:
    cursor = source.execute(f'SELECT * FROM "{name}"')  # noqa: S608
    columns = [column[0] for column in cursor.description]
    return tuple(dict(zip(columns, row, strict=True)) for row in cursor)


def _secret(source: Rows) -> list[str]:
    return sorted(layout.name for layout in source.layouts() if layout.name in SECRET_TABLES)


def _copy_postgres(target: sa.URL, file: Path) -> CopyReport:
    with _postgres(target) as source:
        major = source.info.server_version // 10_000
        program = postgres_tools.fitting("pg_dump", major, postgres_tools.found("pg_dump"))
        snapshot, schema = _one(source, "SELECT pg_export_snapshot(), current_schema()")
        revision = _one(source, "SELECT version_num FROM alembic_version")[0]
        kept = {name: _postgres_rows(source, name) for name in _secret(PostgresRows(source))}
        empty = [f'--exclude-table-data="{schema}"."{name}"' for name in sorted(_LEFT_OUT)]
        wanted = ["--format=custom", "--no-owner", "--no-privileges", f'--schema="{schema}"', f"--snapshot={snapshot}"]
        postgres_tools.run(program, target, [*wanted, *empty, f"--lock-wait-timeout={int(_PATIENCE)}s", f"--file={file}"])
        tables = digests(PostgresRows(source), _LEFT_OUT)
    return CopyReport(kind="postgresql", revision=revision, schema=schema, server=str(major), tables=tables, secrets=kept)


@contextmanager
def _postgres(target: sa.URL, schema: str = "") -> Iterator[psycopg.Connection[Any]]:
    """A snapshot for the duration of the block."""
    with psycopg.connect(connections.conninfo(target), connect_timeout=10, application_name="mailbridge") as source:
        source.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        source.read_only = True
        if schema:
            source.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(schema)))
        yield source


def _one(source: psycopg.Connection[Any], statement: str) -> tuple[Any, ...]:
    row = source.execute(statement).fetchone()
    if row is None:
        raise Permanent("this is no database of mailbridge, or it is empty")
    return tuple(row)


def _postgres_rows(source: psycopg.Connection[Any], name: str) -> tuple[Mapping[str, Any], ...]:
    cursor = source.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name)))
    columns = [column.name for column in cursor.description or ()]
    return tuple(dict(zip(columns, row, strict=True)) for row in cursor)


# -- back -----------------------------------------------------------------------------------------------------


def load(file: Path, url: str, schema: str, dumped_by: int) -> None:
    """PostgreSQL: loads a dump into the empty database at `url`, without secrets and revision.  Atomic.

    No mailbridge can use this database until `restoring.finish_restore` writes the revision.  Raises Permanent where it is not empty.
    """
    target = connections.parsed(url)
    try:
        with psycopg.connect(connections.conninfo(target), connect_timeout=10, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
            taken = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = %s", (schema,)).fetchone()
            major = connection.info.server_version // 10_000
    except psycopg.Error as error:
        raise in_our_words(error) from error
    if taken and taken[0]:
        name = target.database
        raise Permanent(f"the database {name} is not empty: name another one, or drop and create it (dropdb {name}; createdb {name})")
    program = postgres_tools.fitting("pg_restore", max(major, dumped_by), postgres_tools.found("pg_restore"))
    wanted = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", f"--schema={schema}", str(file)]
    postgres_tools.run(program, target, wanted)


def compare(url: str, schema: str, expected: tuple[TableDigest, ...]) -> list[str]:
    """The differences in the restored database, one sentence each, with contents whose name is wrong."""
    target = connections.parsed(url)
    try:
        if _is_sqlite(target):
            with closing(_sqlite(Path(target.database or ""))) as connection:
                connection.execute("BEGIN")
                return _compared(SqliteRows(connection), expected)
        with _postgres(target, schema) as connection:
            return _compared(PostgresRows(connection), expected)
    except (sqlite3.Error, psycopg.Error) as error:
        return [f"the database cannot be read: {error}"]


def _compared(source: Rows, expected: tuple[TableDigest, ...]) -> list[str]:
    told = differences(expected, digests(source, _LEFT_OUT))
    return told + [f"the content {name} is not what its name says" for name in source.wrong_blobs()]


@contextmanager
def scratch_database(url: str) -> Iterator[str]:
    """The URL of an empty database on the same server; it is dropped afterwards.  Raises Permanent where the user may not create one."""
    target = connections.parsed(url)
    name = f"mailbridge_check_{secrets.token_hex(4)}"
    hint = f"ALTER ROLE {target.username} CREATEDB, or name an empty database: --scratch postgresql://USER@HOST/DATABASE"
    try:
        _administer(target, sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege as error:
        raise Permanent(f"the user {target.username} may not make a database to restore into: {hint}") from error
    except psycopg.Error as error:
        raise in_our_words(error) from error
    try:
        yield target.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    finally:
        with suppress(psycopg.Error):
            _administer(target, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _administer(target: sa.URL, statement: sql.Composed) -> None:
    with psycopg.connect(connections.conninfo(target), connect_timeout=10, autocommit=True) as connection:
        connection.execute(statement)
