"""A value of any type of ours, made from its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

PLAIN: Mapping[Any, Any] = {
    str: "something", int: 1, float: 1.5, bool: True, timedelta: timedelta(hours=1),
    datetime: datetime(2026, 11, 21, 9, 0, tzinfo=UTC), date: date(2026, 11, 21), NoneType: None,
}  # fmt: skip


def sample(kind: Any) -> Any:
    """A value of this type: every field is filled, tuples have one item, an enum its first member, a union its first type."""
    if kind in PLAIN:
        return PLAIN[kind]
    if get_origin(kind) is tuple:
        return tuple(sample(each) for each in get_args(kind) if each is not ...)
    if get_origin(kind) is dict:
        return {}
    if isinstance(kind, UnionType):
        return sample(get_args(kind)[0])
    if issubclass(kind, Enum):
        return next(iter(kind))
    assert is_dataclass(kind), kind
    hints = get_type_hints(kind)
    return kind(**{one.name: sample(hints[one.name]) for one in fields(kind) if one.init})
