"""Values with other fields are what `dataclasses.replace` makes."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest

from mailbridge.message.replacing import replace
from mailbridge.organisation.model import Organisation
from mailbridge.organisation.priority import Priority
from mailbridge.tickets.model import Ticket

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclasses.dataclass(frozen=True)
class Open:
    """Without slots."""

    one: int
    two: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    only: str


@pytest.mark.parametrize(
    ("value", "changes"),
    [
        (Open(1, (2,)), {"two": (3,)}),
        (Open(1), {"one": 5, "two": ()}),
        (Open(1), {}),
        (Single(only="a"), {"only": "b"}),
        (Single(only="a"), {}),
        (
            Ticket(id=1, subject="", status="open", priority=Priority.NORMAL, team="x", created_at=NOON, updated_at=NOON, version=1),
            {"version": 2, "subject": "Printer", "tags": ("vip",)},
        ),
    ],
)
def test_a_copy_with_other_fields(value: Any, changes: dict[str, Any]) -> None:
    before = repr(value)

    made = replace(value, **changes)

    assert made == dataclasses.replace(value, **changes)
    assert type(made) is type(value)
    assert repr(value) == before


def test_a_name_that_is_no_field_is_refused() -> None:
    for _ in range(2):
        with pytest.raises(TypeError, match="Single has no field other"):
            replace(Single(only="a"), other="b")  # type: ignore[call-arg]


def test_a_class_that_computes_fields_is_refused() -> None:
    with pytest.raises(TypeError, match=r"use dataclasses\.replace"):
        replace(Organisation(), agents={})
