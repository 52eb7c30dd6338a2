"""Statements compiled once by SQLAlchemy and then executed by SQLite's driver directly.

SQLite takes about 5 µs for a statement of a mail, SQLAlchemy 50 to look it up, bind, execute and wrap it.  A mail needs fifteen of them:
this saves a quarter of the time for a mail (benchmarks/ingest.py).  SQLAlchemy still executes long lists, inserts of several rows that
return ids in order, and every value that cannot be bound, so that errors are the same.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import SQLCompiler

from mailbridge.store.types import CleanText, UtcDateTime, clean_text, moment_of_text, moment_to_text

Processor = Callable[[Any], Any]
Values = Mapping[str, Any]

MOST_LISTED = 16  # a statement is compiled for each length of its lists; longer ones are rare


Key = str | tuple[str, int]  # name of a value; for a list with the index


class BoundValue(NamedTuple):
    """A parameter of the statement: the value of this key, or without a key the constant."""

    key: Key | None
    constant: Any
    bind: Processor | None  # converts the value for the driver


class Prepared:
    """A compiled statement.

    `answers`: it returns rows; with several value sets only SQLAlchemy keeps their order.  `results`: the columns that need a conversion.
    `lists`: the names whose values are lists.
    """

    __slots__ = ("_binds", "_constants", "_keys", "_make", "answers", "lists", "results", "text")

    def __init__(
        self, text: str, slots: Sequence[BoundValue], *, answers: bool, results: tuple[tuple[int, Processor], ...], lists: tuple[str, ...]
    ) -> None:
        self.text, self.answers, self.results, self.lists = text, answers, results, lists
        keys = [(place, None) if slot.key is None else slot.key for place, slot in enumerate(slots)]
        self._constants = {(place, None): slot.constant for place, slot in enumerate(slots) if slot.key is None}
        self._keys = _taker(keys)
        self._binds = tuple((place, slot.bind) for place, slot in enumerate(slots) if slot.key is not None and slot.bind is not None)
        self._make: Callable[[Iterable[Any]], Any] | None = None  # of the rows; known after the first execution

    def bound(self, values: Values) -> tuple[Any, ...]:
        """The values in the order of the statement.  Raises the error of a type about its value."""
        known: Mapping[Any, Any] = values
        if self.lists:
            known = {**values, **{(name, place): value for name in self.lists for place, value in enumerate(values[name])}}
        found = self._keys({**known, **self._constants} if self._constants else known)
        if not self._binds:
            return found
        row = list(found)
        for place, bind in self._binds:
            row[place] = bind(row[place])
        return tuple(row)

    def run(self, driver: sqlite3.Connection, bound: Any, *, several: bool) -> ResultRows:
        """Executes it.  Raises sqlite3.Error."""
        return ResultRows(driver.executemany(self.text, bound) if several else driver.execute(self.text, bound), self)

    def rows(self, cursor: sqlite3.Cursor, found: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The rows of the cursor as named tuples."""
        make = self._make
        if make is None:
            make = self._make = _row_type(tuple([name for name, *_ in cursor.description]))
        if not self.results:
            return list(map(make, found))
        made = []
        for row in found:
            values = list(row)
            for column, convert in self.results:
                values[column] = convert(values[column])
            made.append(make(values))
        return made


def _taker(keys: Sequence[Any]) -> Callable[[Mapping[Any, Any]], tuple[Any, ...]]:
    """Gives the values of these keys, in their order."""
    if len(keys) > 1:
        return itemgetter(*keys)
    if keys:
        key = keys[0]
        return lambda values: (values[key],)
    return lambda values: ()


class ResultRows:
    """The part of SQLAlchemy's CursorResult that is used here; rows are named tuples."""

    __slots__ = ("_cursor", "_prepared", "rowcount")

    def __init__(self, cursor: sqlite3.Cursor, prepared: Prepared) -> None:
        self._cursor, self._prepared, self.rowcount = cursor, prepared, cursor.rowcount

    def all(self) -> list[Any]:
        found = self._cursor.fetchall()
        return self._prepared.rows(self._cursor, found) if found else []

    def first(self) -> Any:
        found = self._cursor.fetchone()
        made = None if found is None else self._prepared.rows(self._cursor, (found,))[0]
        self._cursor.close()
        return made

    def scalar(self) -> Any:
        found = self.first()
        return None if found is None else found[0]


@lru_cache(maxsize=256)
def _row_type(names: tuple[str, ...]) -> Callable[[Iterable[Any]], Any]:
    # rename: `class` is not possible as an attribute.
    made: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # mypy wants to see the names
    make: Callable[[Iterable[Any]], Any] = made._make
    return make


class Preparer:
    """Compiles each statement once for each set of names and each length of its lists; None for one that SQLAlchemy has to execute.

    A statement object that is used only once is neither compiled nor kept.
    """

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[sa.Executable, dict[tuple[str | int, ...], Prepared | None]] = WeakKeyDictionary()

    def prepared(self, statement: sa.Executable, values: Values, dialect: Dialect) -> Prepared | None:
        known = self._known.get(statement)
        if known is None:
            self._known[statement] = {}
            return None
        names: tuple[str | int, ...] = tuple(values)
        found = known.get(names)
        if found is not None and not found.lists:
            return found
        lengths = [len(value) for value in values.values() if value.__class__ is list]
        if lengths and not 0 < min(lengths) <= max(lengths) <= MOST_LISTED:
            return None
        asked = (*names, *lengths)
        if asked not in known:
            known[asked] = _worded(statement, values, dialect)
        return known[asked]


def many(prepared: Prepared, values: Sequence[Values]) -> list[tuple[Any, ...]]:
    return [prepared.bound(each) for each in values]


def _worded(statement: sa.Executable, values: Values, dialect: Dialect) -> Prepared | None:
    if not isinstance(statement, sa.ClauseElement) or not isinstance(dialect, DefaultDialect):
        return None
    # The given names are the columns that an INSERT or UPDATE sets.
    names = list(values) if statement.is_dml else None
    compiled = statement.compile(dialect=dialect, column_keys=names)
    if not isinstance(compiled, SQLCompiler) or compiled.positiontup is None or _needs_sqlalchemy(compiled, values):
        return None
    return _filled_in(compiled, values, dialect)


def _needs_sqlalchemy(compiled: SQLCompiler, values: Values) -> bool:
    """Whether execution has steps that the compiled SQL does not show, or SQLAlchemy would raise an error."""
    if compiled.literal_execute_params or compiled.insert_prefetch or compiled.update_prefetch:
        return True
    for parameter, name in compiled.bind_names.items():
        given = next((values[key] for key in (parameter.key, name) if key in values), None)
        if parameter.required and (given is None if parameter.expanding else not {parameter.key, name} & values.keys()):
            return True
        if parameter.expanding and given is not None and given.__class__ is not list:
            return True
    return False


def _filled_in(compiled: SQLCompiler, values: Values, dialect: Dialect) -> Prepared:
    """The statement with its lists in the length of `values`."""
    parameters = {name: parameter for parameter, name in compiled.bind_names.items()}
    expanded = compiled.construct_expanded_state(dict(values))
    places = {made: (name, place) for name, all_ in expanded.parameter_expansion.items() for place, made in enumerate(all_)}
    slots = []
    for made in expanded.positiontup or ():
        name, place = places.get(made, (made, None))
        slots.append(_slot(parameters[name], name, place, values, dialect))
    columns = [_reader(column.type, dialect) for column in compiled._result_columns]
    results = tuple((number, convert) for number, convert in enumerate(columns) if convert)
    lists = dict.fromkeys(slot.key[0] for slot in slots if isinstance(slot.key, tuple))
    return Prepared(expanded.statement, slots, answers=bool(columns), results=results, lists=tuple(lists))


def _slot(parameter: sa.BindParameter[Any], name: str, place: int | None, values: Values, dialect: Dialect) -> BoundValue:
    bind = _binder(parameter.type, dialect)
    given = next((key for key in (parameter.key, name) if key in values), None)
    if given is not None:
        return BoundValue(given if place is None else (given, place), None, bind)
    constant: Any = parameter.effective_value
    constant = constant if place is None else constant[place]
    return BoundValue(None, bind(constant) if bind else constant, None)


def _binder(type_: sa.types.TypeEngine[Any], dialect: Dialect) -> Processor | None:
    """The conversion of values of this type for the driver; for our own types in one step."""
    own = type_.dialect_impl(dialect)
    if isinstance(own, UtcDateTime):
        return moment_to_text
    if isinstance(own, CleanText):
        return clean_text
    return own.bind_processor(dialect)


def _reader(type_: sa.types.TypeEngine[Any], dialect: Dialect) -> Processor | None:
    """The conversion of what the driver gives for a column of this type."""
    own = type_.dialect_impl(dialect)
    return moment_of_text if isinstance(own, UtcDateTime) else own.result_processor(dialect, None)
