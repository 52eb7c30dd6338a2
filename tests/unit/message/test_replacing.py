"""Values with other fields are what `dataclasses.replace` makes."""

from __future__ import annotations

import dataclasses
import inspect
from datetime import UTC, datetime
from typing import Any

import pytest

from mailbridge.message.replacing import quickly_made, replace
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


@quickly_made
@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A class with every kind of field."""

    one: int
    two: str = "two"
    many: dict[str, int] = dataclasses.field(default_factory=dict)
    hidden: int = dataclasses.field(default=1, repr=False, compare=False)


def test_a_quickly_made_value_is_the_same_and_frozen() -> None:
    made, other = Made(one=1), Made(one=1, two="three", many={"a": 1})

    assert repr(made) == "Made(one=1, two='two', many={})"
    assert (other.one, other.two, other.many, other.hidden) == (1, "three", {"a": 1}, 1)
    assert made.many is not Made(one=1).many
    assert type(made) is Made
    assert made == Made(one=1, hidden=2) != other
    assert list(inspect.signature(Made).parameters) == ["one", "two", "many", "hidden"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.one = 2  # type: ignore[misc]
    with pytest.raises(TypeError, match=r"Made\.__init__\(\) missing 1 required keyword-only argument: 'one'"):
        Made()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'other'"):
        Made(one=1, other=2)  # type: ignore[call-arg]


def test_a_class_that_takes_its_fields_by_place_is_not_quickly_made() -> None:
    with pytest.raises(TypeError, match="Open takes its fields by place"):
        quickly_made(Open)


def test_the_values_of_a_base_class_are_copied_too() -> None:
    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Deeper(Made):
        more: int

    assert replace(Deeper(one=1, more=2), one=3) == Deeper(one=3, more=2)
