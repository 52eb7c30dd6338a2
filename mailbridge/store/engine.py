"""Connections and transactions: on SQLite one writer at a time, readers without waiting, and one error for an unavailable store."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import sqlalchemy as sa

from mailbridge.errors import InUse, StoreAway
from mailbridge.store import connections, migrate, restoring
from mailbridge.store.failures import AWAY, FAILURES, in_our_words
from mailbridge.store.hurry import Hurry
from mailbridge.store.restoring import Restored
from mailbridge.store.sql import Sql
from mailbridge.store.tx import Tx
from mailbridge.store.wake import Listener, Notifier
from mailbridge.store.writing import WriteHealth

PATIENCE = timedelta(seconds=30)  # how long a writer waits for another one before StoreAway; the limits of PostgreSQL are parts of it


class _Begin(Protocol):
    def __call__(self, connection: sa.Connection, *, to_write: bool, unlimited: bool) -> None: ...


class Store:
    """Durable transactional store.  Threads may share it; a Tx belongs to one thread.

    `url` is sqlite:///path (a relative one against the working directory) or postgresql://user:password@host/database.
    """

    def __init__(self, url: str, *, patience: timedelta = PATIENCE) -> None:
        target = connections.parsed(url)
        self.url = target.render_as_string(hide_password=True)
        self.path = Path(target.database or "").absolute() if target.get_backend_name() == "sqlite" else None
        self._hurried = Hurry()
        self._writing = WriteHealth()
        if self.path:
            self._notifier = Notifier()
            self._turn: AbstractContextManager[Any] = _Turn(patience)
            self._writer = connections.sqlite_engine(self.path, patience, cache_kib=16_384)
            self._reader = connections.sqlite_engine(self.path, patience, cache_kib=2_048)
            self._begin: _Begin = connections.begin_sqlite
        else:
            from mailbridge.store import postgres  # a desk on SQLite needs none of it

            self._turn = nullcontext()
            limits = postgres.Limits(patience.total_seconds())
            self._notifier = Notifier(partial(postgres.connect, limits, self._hurried, connections.conninfo(target)))
            self._writer = postgres.engine(target, limits, self._hurried, connections.common(patience))
            self._reader = self._writer.execution_options()  # an engine of its own with the same pool
            self._begin = partial(postgres.begin, limits)

    @property
    def is_sqlite(self) -> bool:
        return self.path is not None

    @property
    def write_trouble(self) -> str:
        """Why this process cannot write into the database (full, read-only, away); '' where it can."""
        return self._writing.trouble

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """One transaction: committed at the end of the block, rolled back after an error.

        Raises StoreAway where the database is unavailable, also at the commit.  Then nothing is guaranteed: on PostgreSQL a commit whose
        answer was lost may have happened, so a retry must find its own keys.
        """
        try:
            with self._turn, self._transaction(self._writer) as connection:
                sql = Sql(connection)
                before = sql.changes
                tx = Tx(sql)
                yield tx
                sql.check()
                changed = before is None or sql.changes != before
        except StoreAway as error:
            if error.what == AWAY:
                self._writing.failed(str(error.where.get("reason", "")))
            raise
        if changed:
            self._writing.worked()
        tx.finished_runs.committed()
        self._notifier.notify(tx.woken)
        if tx.erasure.happened:
            self.checkpoint()  # the log contains the old pages

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A consistent snapshot that blocks nobody."""
        with self._transaction(self._reader) as connection:
            yield Tx(Sql(connection))

    @contextmanager
    def _transaction(self, engine: sa.Engine, *, unlimited: bool = False) -> Iterator[sa.Connection]:
        """`unlimited`: a statement may take as long as it takes."""
        with self._connected(engine) as connection, connection.begin():
            self._begin(connection, to_write=engine is self._writer, unlimited=unlimited)
            yield connection

    @contextmanager
    def _connected(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        try:
            with engine.connect() as connection:
                yield connection
        except FAILURES as error:
            raise in_our_words(error) from error

    def head(self) -> str:
        """The newest schema this program knows."""
        return migrate.HEAD

    def current(self) -> str | None:
        """The schema the database has; None where there is none yet."""
        if self.path and not self.path.exists():
            return None
        with self._transaction(self._reader) as connection:
            return migrate.current(connection)

    def refuse_newer(self) -> None:
        """Raises Permanent where a newer program upgraded the database: this one must not touch it."""
        revision = self.current()
        if revision is not None and migrate.is_newer(revision):
            with self._transaction(self._reader) as connection:
                raise migrate.newer(connection, revision)

    def upgrade_only_adds(self) -> bool:
        """Whether programs that work on the database now can go on during an upgrade, and after it."""
        return migrate.only_adds(self.current())

    def upgrade(self, target: str = "head") -> None:
        """The database exists and has the schema of this program.

        Raises Permanent where it is newer already: an older program must not touch it.
        """
        if self.path:
            connections.make_file(self.path)
        if migrate.is_done(self.current(), target):
            return
        with self._turn, self._transaction(self._writer, unlimited=True) as connection:
            migrate.upgrade(connection, target)

    def finish_restore(self, restored: Restored) -> int:
        """Makes a loaded copy usable as a desk's database, atomically; how many outgoing mails are held.  See `restoring`."""
        with self._turn, self._transaction(self._writer, unlimited=True) as connection:
            return restoring.finish_restore(connection, restored)

    @contextmanager
    def instance_lock(self) -> Iterator[None]:
        """SQLite: locks the database for this process during the block.  Raises InUse where another process has the lock.

        PostgreSQL: any number of processes may work.
        """
        if self.path is None:
            yield
            return
        with self.path.with_name(self.path.name + ".lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise InUse("the database is in use by another mailbridge; stop that one first", database=self.path) from error
            yield

    def wake(self, channel: str) -> None:
        """Notifies the listeners of the channel, on PostgreSQL in every process.  `tx.wake` does it with the commit."""
        if self.is_sqlite:
            self._notifier.notify((channel,))
            return
        with self.write() as tx:
            tx.wake(channel)

    def listener(self, *channels: str) -> Listener:
        """A listener that waits until one of the channels is notified, by this process, on PostgreSQL by any.  Close it."""
        return self._notifier.listener(channels)

    def checkpoint(self) -> None:
        """SQLite: writes the write-ahead log into the database and truncates it, as far as no reader needs it.  Not needed on PostgreSQL.
        """
        if self.is_sqlite:
            with self._turn, self._connected(self._reader) as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def checkpoint_passive(self) -> None:
        """SQLite: writes the write-ahead log into the database without blocking readers and writers.  The log can then be reused."""
        if self.is_sqlite:
            with self._connected(self._reader) as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")

    def hurry(self) -> None:
        """PostgreSQL: from now on, each wait for the server ends after a second, with StoreAway.  For the end of a process: it cannot wait
        for a silent server.  SQLite has no server to wait for."""
        self._hurried.set()

    def close(self) -> None:
        """Closes all connections.  The next transaction opens new ones."""
        self._notifier.close()
        self._writer.dispose()
        self._reader.dispose()


class _Turn:
    """Fair lock for the writers of one process.  SQLite's own waiting sleeps between tries, up to 100 ms each."""

    def __init__(self, patience: timedelta) -> None:
        self._patience = patience.total_seconds()
        self._lock = threading.Lock()
        self._holder: int | None = None

    def __enter__(self) -> None:
        if self._holder == threading.get_ident():
            raise RuntimeError("a write transaction inside another one of the same thread")
        if not self._lock.acquire(timeout=self._patience):
            raise StoreAway(AWAY, reason="another transaction of this process does not end")
        self._holder = threading.get_ident()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._holder = None
        self._lock.release()
