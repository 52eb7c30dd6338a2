"""JSON in text columns: dataclasses to JSON and back, by msgspec.

Unknown fields are ignored and missing ones get their defaults, because rows may be older or newer than the program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

import msgspec

from mailbridge.errors import Permanent

_Value = TypeVar("_Value")
_encode = msgspec.json.Encoder().encode


def dump(value: object) -> str:
    """The value as JSON text.  Raises Permanent where it cannot be written (lone surrogate, unknown type)."""
    try:
        return _encode(value).decode()
    except (ValueError, TypeError) as error:
        raise Permanent("a value that the store cannot hold", reason=str(error)) from error


def load(text: str, as_: type[_Value]) -> _Value:
    """The value that `dump` wrote."""
    try:
        return msgspec.json.decode(text, type=as_)
    except msgspec.MsgspecError as error:
        raise _unreadable(as_, error) from error


def dump_fields(value: Any, stored: Mapping[str, str]) -> str:
    """A dataclass as JSON text, each field under its name in `stored`, else under its own."""
    return dump({stored.get(field.name, field.name): getattr(value, field.name) for field in fields(value)})


def load_fields(text: str, as_: type[_Value], stored: Mapping[str, str]) -> _Value:
    """The value that `dump_fields` wrote."""
    ours = {name: field for field, name in stored.items()}
    try:
        values = msgspec.json.decode(text, type=dict[str, Any])
        return msgspec.convert({ours.get(name, name): value for name, value in values.items()}, as_)
    except msgspec.MsgspecError as error:
        raise _unreadable(as_, error) from error


def plain(value: object) -> Any:
    """The value as lists, dicts, strings and numbers, as `dump` writes them."""
    return msgspec.to_builtins(value)


def convert(document: object, as_: type[_Value]) -> _Value:
    """The value of which `load_any` gave this document."""
    try:
        return msgspec.convert(document, as_)
    except msgspec.MsgspecError as error:
        raise _unreadable(as_, error) from error


def load_any(text: str) -> Any:
    """Plain lists, dicts, strings and numbers."""
    return msgspec.json.decode(text)


def _unreadable(as_: type, error: Exception) -> Permanent:
    return Permanent("the store holds a value that this program cannot read", type=as_.__name__, reason=str(error))
