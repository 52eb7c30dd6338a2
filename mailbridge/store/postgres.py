"""Connections to PostgreSQL on which every wait has an end, also behind a pooler that lends a server connection for one transaction.

A server that falls silent closes nothing: the kernel acknowledges what was sent, or a proxy does, and no answer comes.  So there are limits
on both sides.  The server ends a statement, a wait for a lock and a transaction without statements.  These limits are set in each
transaction, because behind a pooler (pgbouncer with `pool_mode = transaction`) the settings of a session are those of some other server
connection.  This side ends every wait for an answer on the monotonic clock and closes the connection, because a request to cancel may get
no answer either.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from traceback import clear_frames
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa

from mailbridge.errors import StoreAway
from mailbridge.store.hurry import Hurry

_Found = TypeVar("_Found")
HASTE = 2.0  # seconds for an answer when the process ends
_TRANSACTION = 10  # patiences that a transaction which writes may take as a whole
_READS_REST = 20  # patiences for which a transaction that only reads may execute nothing: it holds no locks
_UNLIMITED = timedelta(hours=12).total_seconds()  # a schema upgrade may build an index for hours

# What the kernel ends by itself: a peer that acknowledges nothing.
_TCP = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 3, "keepalives_count": 3, "tcp_user_timeout": 15_000}


@dataclass(frozen=True, slots=True)
class Limits:
    """How long each wait may take, in seconds.  All are parts of the patience of the store, so that they keep their order."""

    patience: float

    @property
    def connect(self) -> int:
        return max(2, int(self.patience / 6))

    @property
    def ping(self) -> float:
        """For an answer to a statement that has nothing to do."""
        return self.patience / 6

    @property
    def lock(self) -> float:
        return self.patience / 2

    @property
    def statement(self) -> float:
        return self.patience * 2 / 3

    @property
    def answer(self) -> float:
        """This side: a little longer than the server's limit, so that a slow statement is the server's error and a silence ours."""
        return self.patience * 5 / 6

    def begin(self, *, to_write: bool, unlimited: bool = False) -> bytes:
        """One message to the server: the transaction, and the limits that hold for it."""
        rest = self.statement if to_write else self.patience * _READS_REST
        limits = {
            "lock_timeout": self.lock,
            "statement_timeout": 0 if unlimited else self.statement,
            "idle_in_transaction_session_timeout": 0 if unlimited else rest,
        }
        settings = [f"SET LOCAL {name}={int(seconds * 1000)}" for name, seconds in limits.items()]
        if to_write:  # a commit must be durable even where the server's default is weaker
            return "; ".join(["BEGIN", "SET LOCAL synchronous_commit=on", *settings]).encode()
        return "; ".join(["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", *settings]).encode()


class LimitedConnection(psycopg.Connection[Any]):
    """A connection whose waits end after `longest` seconds, at the moment `ends`, after HASTE once `hurried` is set, at once where another
    one has waited in vain since then.  Then it is closed."""

    longest: float = 10.0
    ends: float | None = None
    hurried: Hurry | None = None

    def wait(self, gen: Generator[Any, Any, _Found], *arguments: Any, **named: Any) -> _Found:
        now = monotonic()
        ends = now + self.longest if self.ends is None else min(now + self.longest, self.ends)
        return super().wait(self._limited(gen, ends, now + HASTE), *arguments, **named)

    def _limited(self, gen: Generator[Any, Any, _Found], ends: float, hasty: float) -> Generator[Any, Any, _Found]:
        """The same exchange.  The caller resumes it at each event of the socket, and ten times a second where there is none."""
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                now = monotonic()
                if now >= ends or (self.hurried is not None and self.hurried.is_set() and (now >= hasty or self.hurried.in_vain)):
                    self._give_up()
                wanted = gen.send(ready)
        except StopIteration as end:
            found: _Found = end.value
            return found

    def _give_up(self) -> None:
        self.pgconn.finish()
        if self.hurried is not None and self.hurried.is_set():
            self.hurried.in_vain = True
        raise psycopg.OperationalError("the server gave no answer in time")


def connect(limits: Limits, hurried: Hurry, *arguments: Any, **named: Any) -> LimitedConnection:
    """A connection in autocommit mode: `begin` opens each transaction.  Raises psycopg.Error."""
    if hurried.in_vain:
        raise psycopg.OperationalError("the server gave no answer in time, and the process ends")
    longest = min(2, limits.connect) if hurried.is_set() else limits.connect
    settings = {"application_name": "mailbridge", "connect_timeout": longest, **_TCP, **named}
    with _socket_closed_on_error(hurried):
        connection = LimitedConnection.connect(*arguments, autocommit=True, **settings)
    connection.longest, connection.hurried = limits.ping, hurried
    if _is_pooled(connection):
        connection.prepare_threshold = None  # a prepared statement stays with a server connection that the next transaction may not get
    return connection


@contextmanager
def _socket_closed_on_error(hurried: Hurry) -> Iterator[None]:
    """After an error of psycopg's connect() its socket is closed.

    Its frame and the error in it refer to each other (psycopg 3.3), and would keep the socket open until the garbage collector comes.
    """
    try:
        yield
    except psycopg.Error as error:
        hurried.in_vain = hurried.is_set()
        cause: BaseException | None = error
        while cause is not None:
            clear_frames(cause.__traceback__)
            cause = cause.__context__
        raise


def _is_pooled(connection: LimitedConnection) -> bool:
    """Whether a pooler stands between: it makes up the number of the server process that it names at login."""
    [process] = connection.execute("SELECT pg_backend_pid()").fetchone() or [None]
    return bool(process != connection.info.backend_pid)


def engine(target: sa.URL, limits: Limits, hurried: Hurry, common: dict[str, Any]) -> sa.Engine:
    """Connections of `connect`, pooled.  A connection from the pool is tried before it is used."""
    made = sa.create_engine(target, isolation_level="AUTOCOMMIT", pool_pre_ping=True, **common)

    @sa.event.listens_for(made, "do_connect")
    def open_one(dialect: Any, record: Any, arguments: Any, named: Any) -> LimitedConnection:
        return connect(limits, hurried, *arguments, **named)

    @sa.event.listens_for(made, "checkin")
    def back(connection: Any, record: Any) -> None:
        if isinstance(connection, LimitedConnection):
            connection.longest, connection.ends = limits.ping, None

    return made


def begin(limits: Limits, connection: sa.Connection, *, to_write: bool, unlimited: bool = False) -> None:
    """The transaction is open and has its limits.  Raises StoreAway."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, LimitedConnection):
        raise TypeError(type(driver))
    try:
        driver.execute(limits.begin(to_write=to_write, unlimited=unlimited), prepare=False)
    except psycopg.Error as error:
        connection.invalidate(error)
        raise StoreAway("the store is away", reason=str(error).partition("\n")[0]) from error
    driver.longest = _UNLIMITED if unlimited else limits.answer
    driver.ends = monotonic() + limits.patience * _TRANSACTION if to_write and not unlimited else None
