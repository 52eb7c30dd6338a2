"""Statements that need nothing of SQLAlchemy but their words: worded once, then handed to SQLite's driver with their values in order.

SQLAlchemy takes several times as long to find, fill in and run a statement as SQLite to do what it says, and a mail takes fifteen.  A
fifth of the time for a mail is saved here (benchmarks/ingest.py).  What SQLAlchemy does better is left to it: lists of unknown length,
results that have to be converted, and every value that cannot be bound, so that mistakes are told in one way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import SQLCompiler

Binding = Callable[[Any], Any]
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A worded statement.  A slot is the name of the value that stands there, or None and the constant; and what makes it bindable."""

    text: str
    slots: tuple[tuple[str | None, Any, Binding | None], ...]
    answers: bool  # rows come back: with several value sets SQLAlchemy is needed to have them in order

    def bound(self, values: Values) -> tuple[Any, ...]:
        """The values in the order of the statement.  Raises what a type has against its value."""
        return tuple(
            constant if name is None else values[name] if bind is None else bind(values[name]) for name, constant, bind in self.slots
        )


class Preparer:
    """Words each statement once for each set of names it is given; None for one that is better left to SQLAlchemy.

    A statement that was made for one question is seen once and then gone: nothing is worded or remembered for it.
    """

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[sa.Executable, dict[tuple[str, ...], Prepared | None]] = WeakKeyDictionary()

    def prepared(self, statement: sa.Executable, values: Values, dialect: Dialect) -> Prepared | None:
        known = self._known.get(statement)
        if known is None:
            self._known[statement] = {}
            return None
        names = tuple(values)
        if names not in known:
            known[names] = _worded(statement, values, dialect)
        return known[names]


def _worded(statement: sa.Executable, values: Values, dialect: Dialect) -> Prepared | None:
    if not isinstance(statement, sa.ClauseElement) or not isinstance(dialect, DefaultDialect):
        return None
    # The names given say which columns an INSERT or UPDATE sets; a SELECT has no columns to set.
    names = list(values) if statement.is_dml else None
    worded = statement.compile(dialect=dialect, column_keys=names)
    if not isinstance(worded, SQLCompiler) or worded.positiontup is None or _needs_sqlalchemy(worded, dialect):
        return None
    parameters = {name: parameter for parameter, name in worded.bind_names.items()}
    slots = [_slot(parameters[name], name, values, dialect) for name in worded.positiontup]
    return Prepared(worded.string, tuple(slot for slot in slots if slot), bool(worded._result_columns)) if all(slots) else None


def _needs_sqlalchemy(worded: SQLCompiler, dialect: Dialect) -> bool:
    """Whether something happens on the way that the words do not show."""
    made_up = worded.post_compile_params or worded.literal_execute_params or worded.insert_prefetch or worded.update_prefetch
    return bool(made_up) or any(_converts(column.type, dialect) for column in worded._result_columns)


def _converts(type_: sa.types.TypeEngine[Any], dialect: Dialect) -> bool:
    return type_.dialect_impl(dialect).result_processor(dialect, None) is not None


def _slot(parameter: sa.BindParameter[Any], name: str, values: Values, dialect: Dialect) -> tuple[str | None, Any, Binding | None] | None:
    """None for a parameter that nobody gives a value: SQLAlchemy says so in its own words."""
    bind = parameter.type.dialect_impl(dialect).bind_processor(dialect)
    given = next((key for key in (parameter.key, name) if key in values), None)
    if given is not None:
        return given, None, bind
    if parameter.required:
        return None
    constant = parameter.effective_value
    return None, bind(constant) if bind else constant, None


def many(prepared: Prepared, values: Sequence[Values]) -> list[tuple[Any, ...]]:
    return [prepared.bound(each) for each in values]
