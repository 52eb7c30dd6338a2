"""Opens each database so that a committed transaction is on the disk."""

from __future__ import annotations

import os
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DisconnectionError

from mailbridge.errors import Permanent

_HINT = "write sqlite:///FILE or postgresql://USER@HOST/DATABASE"

_SQLITE = (
    "page_size=8192",  # for new files; halves the pages to write for a mail of 60 kB
    "journal_mode=WAL",
    "synchronous=FULL",  # with NORMAL the last commits are lost after a power failure
    "foreign_keys=ON",
    "secure_delete=ON",  # erased data is overwritten, not only unlinked
    "temp_store=MEMORY",
    "wal_autocheckpoint=20000",  # pages: 160 MB; before that `Store.checkpoint_passive` does it without blocking the writer
    "journal_size_limit=67108864",  # a log that grew during a long read shrinks again
)


def parsed(url: str) -> sa.URL:
    """The URL of a supported database.  Raises Permanent for any other."""
    try:
        target = sa.make_url(url)
        backend = target.get_backend_name()
    except ArgumentError as error:
        raise Permanent(f"not a database address; {_HINT}") from error
    if backend == "sqlite" and target.database not in (None, "", ":memory:"):
        return target
    if backend == "postgresql":
        return target.set(drivername="postgresql+psycopg")
    raise Permanent(f"not a database that mailbridge can use; {_HINT}", backend=backend)


def sqlite_engine(path: Path, patience: timedelta, *, cache_kib: int) -> sa.Engine:
    """Connections to the file at `path` when a transaction begins.  A missing file is an error; it is not created."""

    def connect() -> sqlite3.Connection:
        # mode=rw: else SQLite would create an empty database for a missing one.  isolation_level=None: the driver's own
        # implicit transactions lose updates; begin() below opens them.
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=rw", uri=True, timeout=patience.total_seconds(), isolation_level=None, check_same_thread=False
        )
        for pragma in (*_SQLITE, f"cache_size=-{cache_kib}"):
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function("lower", 1, _lower, deterministic=True)  # SQLite's own knows ASCII only
        return connection

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.QueuePool, **common(patience))

    @sa.event.listens_for(engine, "connect")
    def remember_file(connection: Any, record: Any) -> None:
        record.info["file"] = _identity(path)

    @sa.event.listens_for(engine, "checkout")
    def same_file(connection: Any, record: Any, proxy: Any) -> None:
        if record.info["file"] != _identity(path):  # restored or moved: writes to the old file would be lost
            raise DisconnectionError("the database file was replaced")

    return engine


def begin_sqlite(connection: sa.Connection, *, to_write: bool, unlimited: bool = False) -> None:
    """Begins the transaction.

    IMMEDIATE: a transaction that reads first and writes later fails at once where another one wrote in between, whatever the busy timeout.
    """
    connection.exec_driver_sql("BEGIN IMMEDIATE" if to_write else "BEGIN")


def conninfo(target: sa.URL) -> str:
    """The connection string for a separate psycopg connection."""
    return target.set(drivername="postgresql").render_as_string(hide_password=False)


def make_file(path: Path) -> None:
    """Creates the file, readable by its owner only, because it contains all mail."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise Permanent("the database file cannot be made", file=path, reason=error.strerror) from error


def common(patience: timedelta) -> dict[str, Any]:
    return {
        "pool_size": 4,
        "max_overflow": 28,
        "pool_timeout": patience.total_seconds(),
        "hide_parameters": True,  # they contain mail, and errors go to logs
        "execution_options": {"preserve_rowcount": True},  # inserts also return how many rows were new
    }


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
