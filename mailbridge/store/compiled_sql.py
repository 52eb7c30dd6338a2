"""Statements compiled once by SQLAlchemy and then executed by SQLite's driver directly.

SQLite takes about 5 µs for a statement of a mail, SQLAlchemy 50 to look it up, bind, execute and wrap it.  A mail needs fifteen of them:
this saves a quarter of the time for a mail (benchmarks/ingest.py).  SQLAlchemy still executes long lists, inserts of several rows that
return ids in order, and every value that cannot be bound, so that errors are the same.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import SQLCompiler

Processor = Callable[[Any], Any]
Values = Mapping[str, Any]

MOST_LISTED = 16  # a statement is compiled for each length of its lists; longer ones are rare


Key = str | tuple[str, int]  # name of a value; for a list with the index


class BoundValue(NamedTuple):
    """A parameter of the statement: the value of this key, or without a key the constant."""

    key: Key | None
    constant: Any
    bind: Processor | None  # converts the value for the driver


@dataclass(frozen=True, slots=True)
class Prepared:
    """A compiled statement."""

    text: str
    slots: tuple[BoundValue, ...]
    answers: bool  # it returns rows; with several value sets only SQLAlchemy keeps their order
    results: tuple[tuple[int, Processor], ...]  # columns that need a conversion
    lists: tuple[str, ...] = ()  # names whose values are lists

    def bound(self, values: Values) -> tuple[Any, ...]:
        """The values in the order of the statement.  Raises the error of a type about its value."""
        known: Mapping[Any, Any] = values
        if self.lists:
            known = {**values, **{(name, place): value for name in self.lists for place, value in enumerate(values[name])}}
        return tuple([made if key is None else known[key] if bind is None else bind(known[key]) for key, made, bind in self.slots])

    def run(self, driver: sqlite3.Connection, bound: Any, *, several: bool) -> ResultRows:
        """Executes it.  Raises sqlite3.Error."""
        return ResultRows(driver.executemany(self.text, bound) if several else driver.execute(self.text, bound), self.results)


class ResultRows:
    """The part of SQLAlchemy's CursorResult that is used here; rows are named tuples."""

    __slots__ = ("_cursor", "_results")

    def __init__(self, cursor: sqlite3.Cursor, results: tuple[tuple[int, Processor], ...]) -> None:
        self._cursor, self._results = cursor, results

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    def all(self) -> list[Any]:
        return self._rows(self._cursor.fetchall())

    def first(self) -> Any:
        found = self._rows(self._cursor.fetchmany(1))
        self._cursor.close()
        return found[0] if found else None

    def scalar(self) -> Any:
        found = self.first()
        return None if found is None else found[0]

    def _rows(self, found: Sequence[tuple[Any, ...]]) -> list[Any]:
        if not found:
            return []
        make = _row_type(tuple([name for name, *_ in self._cursor.description]))
        return list(map(make, map(self._converted, found) if self._results else found))

    def _converted(self, row: tuple[Any, ...]) -> Iterable[Any]:
        values = list(row)
        for column, convert in self._results:
            values[column] = convert(values[column])
        return values


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
        lengths = [len(value) for value in values.values() if value.__class__ is list]
        if lengths and not 0 < min(lengths) <= max(lengths) <= MOST_LISTED:
            return None
        asked: tuple[str | int, ...] = (*values, *lengths)
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
    columns = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in compiled._result_columns]
    results = tuple((number, convert) for number, convert in enumerate(columns) if convert)
    lists = dict.fromkeys(slot.key[0] for slot in slots if isinstance(slot.key, tuple))
    return Prepared(expanded.statement, tuple(slots), bool(columns), results, tuple(lists))


def _slot(parameter: sa.BindParameter[Any], name: str, place: int | None, values: Values, dialect: Dialect) -> BoundValue:
    bind = _binder(parameter.type, dialect)
    given = next((key for key in (parameter.key, name) if key in values), None)
    if given is not None:
        return BoundValue(given if place is None else (given, place), None, bind)
    constant: Any = parameter.effective_value
    constant = constant if place is None else constant[place]
    return BoundValue(None, bind(constant) if bind else constant, None)


def _binder(type_: sa.types.TypeEngine[Any], dialect: Dialect) -> Processor | None:
    """The conversion of values of this type for the driver; for our own types without SQLAlchemy's wrapper where it is not needed."""
    own = type_.dialect_impl(dialect)
    if isinstance(own, sa.types.TypeDecorator) and own.impl_instance.bind_processor(dialect) is None:
        return partial(own.process_bind_param, dialect=dialect)
    return own.bind_processor(dialect)
