"""Statements on one open transaction.  What goes wrong comes out in the words of errors.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import attrgetter, methodcaller
from typing import Any, TypeVar

import sqlalchemy as sa

from mailbridge.errors import MailbridgeError, StoreAway
from mailbridge.store import dialects
from mailbridge.store.compiled_sql import Preparer, ResultRows, many
from mailbridge.store.dialects import Both, Statement
from mailbridge.store.failures import FAILURES, in_our_words

Row = Any  # a tuple whose values have the names of their columns as well
Values = Mapping[str, Any]
_Taken = TypeVar("_Taken")
_Result = ResultRows | sa.CursorResult[*tuple[Any, ...]]
_all: Callable[[_Result], Sequence[Row]] = methodcaller("all")
_first: Callable[[_Result], Row | None] = methodcaller("first")
_scalar: Callable[[_Result], Any] = methodcaller("scalar")
_touched: Callable[[_Result], int] = attrgetter("rowcount")
_prepare = Preparer().prepared  # a statement's words are the same for every connection


class Sql:
    """Runs statements.  Once the store went away nothing more runs on this transaction: SQLite may have rolled it back by itself,
    and every later statement would then be committed alone."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.is_sqlite = connection.dialect.name == "sqlite"
        self.driver = dialects.driver(connection) if self.is_sqlite else None
        self.undone = 0  # how many savepoints were rolled back: what was remembered before may not be true any more
        self._away: StoreAway | None = None

    @property
    def changes(self) -> int | None:
        """A number that grows with each row that the connection changes; None on PostgreSQL, which does not count them."""
        return self.driver.total_changes if self.driver is not None else None

    def rows(self, statement: Statement | Both, values: Values | Sequence[Values] = {}) -> Sequence[Row]:  # noqa: B006
        """All rows that come back, also of an insert of several value sets."""
        return self._run(statement, values, _all)

    def row(self, statement: Statement | Both, values: Values = {}) -> Row | None:  # noqa: B006  (never changed)
        return self._run(statement, values, _first)

    def value(self, statement: Statement | Both, values: Values = {}) -> Any:  # noqa: B006
        """The first column of the first row, None where there is no row."""
        return self._run(statement, values, _scalar)

    def change(self, statement: Statement | Both, values: Values | Sequence[Values] = {}) -> int:  # noqa: B006
        """Runs the change, once for each of several value sets; how many rows it touched.  No value sets at all: nothing runs."""
        return 0 if isinstance(values, list) and not values else self._run(statement, values, _touched)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What happens inside is kept, or undone alone where an error leaves the block."""
        self.check()
        kept = False
        try:
            with self.connection.begin_nested():
                yield
            kept = True
        except FAILURES as error:
            raise self._told(error) from error
        finally:
            self.undone += not kept

    def check(self) -> None:
        """Raises StoreAway where the store went away earlier in this transaction, so that nobody goes on in it."""
        if self._away is None and not dialects.in_transaction(self.connection):
            self._away = StoreAway("the store is away", reason="the transaction is over")
        if self._away is not None:
            raise StoreAway(self._away.what, **self._away.where)

    @contextmanager
    def direct(self) -> Iterator[sa.Connection]:
        """The connection itself, for the few things that are no statement (streamed blobs)."""
        self.check()
        try:
            yield self.connection
        except FAILURES as error:
            raise self._told(error) from error

    def _run(self, statement: Statement | Both, values: Any, take: Callable[[_Result], _Taken]) -> _Taken:
        if self._away is not None:
            self.check()
        if isinstance(statement, Both):
            statement = statement.sqlite if self.is_sqlite else statement.postgresql
        try:
            return take(self._executed(statement, values))
        except FAILURES as error:
            raise self._told(error) from error

    def _executed(self, statement: Statement, values: Any) -> _Result:
        several = isinstance(values, list)
        one = (values[0] if values else {}) if several else values
        prepared = _prepare(statement, one, self.connection.dialect) if self.driver else None
        if self.driver is None or prepared is None or (several and prepared.answers):
            return self.connection.execute(statement, values)
        try:
            bound = many(prepared, values) if several else prepared.bound(values)
        except (ValueError, TypeError, KeyError):
            return self.connection.execute(statement, values)  # it will not take them either, and says so as for every statement
        return prepared.run(self.driver, bound, several=several)

    def _told(self, error: Exception) -> MailbridgeError:
        told = in_our_words(error)
        if isinstance(told, StoreAway):
            self._away = told
        return told
