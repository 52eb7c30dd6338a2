"""Values of notifications that programs before payload version 1 stored: pairs of strings, with tables in tabs and JSON in cells.  Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import Field
from datetime import date, datetime
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from mailbridge.notifications.payloads.agents import ResultRow
from mailbridge.notifications.payloads.model import Payload, TableRow, fields_of
from mailbridge.notifications.payloads.table import PAYLOADS
from mailbridge.notifications.summary_model import Summary, unpacked


def payload_of(name: str, values: Mapping[str, str]) -> Payload | None:
    """The payload of this event, "<audience>.<event>", from such values; None for an event without values.

    A value that is missing is what '' means for its type; a moment or number that cannot be read, too.  Raises ValueError where a moment
    that the event must have cannot be read.
    """
    kind = PAYLOADS.get(name)
    if kind is None or not values:
        return None
    hints = get_type_hints(kind)
    return kind(**{one.name: _value(hints[one.name], values.get(one.name, ""), _between(one)) for one in fields_of(kind)})


def _between(one: Field[Any]) -> str:
    return str(one.metadata.get("between", ", "))


def _value(hint: Any, text: str, between: str) -> object:
    if isinstance(hint, UnionType):  # "X | None": '' is None
        return _optional(get_args(hint)[0], text, between)
    if get_origin(hint) is tuple:
        return _several(get_args(hint)[0], text, between)
    if hint is bool:
        return bool(text)
    if hint is int:
        return _number(text)
    if hint is datetime:
        return datetime.fromisoformat(text)
    if hint is date:
        return date.fromisoformat(text)
    return text


def _optional(hint: Any, text: str, between: str) -> object | None:
    try:
        return _value(hint, text, between) if text else None
    except ValueError:
        return None


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0


def _several(hint: type, text: str, between: str) -> tuple[object, ...]:
    if hint is Summary:
        return unpacked(text)
    if issubclass(hint, TableRow):
        return tuple(_row(hint, line.split("\t")) for line in text.splitlines() if line.strip())
    return tuple(text.split(between)) if text else ()


def _row(kind: type[TableRow], cells: Sequence[str]) -> TableRow:
    """The row of these cells; a cell of results holds a reason and its detail, separated by "|"."""
    if kind is ResultRow and len(cells) > 2:
        reason, _, detail = cells[2].partition("|")
        cells = (*cells[:2], reason, detail, *cells[3:])
    hints, names = get_type_hints(kind), [one.name for one in fields_of(kind)]
    texts = dict(zip(names, cells, strict=False))
    return kind(**{name: _value(hints[name], texts.get(name, ""), ", ") for name in names})
