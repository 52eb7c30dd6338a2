"""The base classes of payloads and of the rows of their tables."""

from __future__ import annotations

from dataclasses import Field, fields
from typing import Any


class Payload:
    """The values of one event."""

    __slots__ = ()


class TableRow:
    """One line of a table; templates see its fields as cells, in their order."""

    __slots__ = ()


def fields_of(kind: type[Payload] | type[TableRow]) -> tuple[Field[Any], ...]:
    """The fields of a payload or of a row; all of them are dataclasses."""
    return fields(kind)  # type: ignore[arg-type]
