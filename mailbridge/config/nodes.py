"""What a TOML or YAML text holds: values, lists and mappings, each with its place.  Both parsers give these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time

from mailbridge.errors import Problem

Plain = str | int | float | bool | date | time | None  # dates and times are TOML's; in YAML 1.2 they are texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands: line and column count from 1, `length` is its width on that line.  Line 0: the whole file."""

    file: str
    line: int
    column: int
    length: int = 1

    def problem(self, message: str, hint: str = "", *, warning: bool = False) -> Problem:
        """The mistake that this place shows."""
        return Problem(file=self.file, line=self.line, column=self.column, length=self.length, message=message, hint=hint, warning=warning)

    def part(self, start: int, length: int) -> Place:
        """The place of some characters inside this one, where all stand on one line; else the place itself."""
        if not 0 <= start < self.length:
            return self
        return Place(file=self.file, line=self.line, column=self.column + start, length=max(1, min(length, self.length - start)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A single value.  `text` is what was written, `value` what the language makes of it, `quote` the character around it ('' for none)."""

    place: Place
    text: str
    value: Plain
    quote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    place: Place
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Keys with values.  `term` is what the language calls it."""

    place: Place
    entries: tuple[tuple[Scalar, Node], ...]
    term: str = "a mapping"

    def get(self, key: str) -> Node | None:
        """The value of this key."""
        return next((value for name, value in self.entries if name.text == key), None)

    def place_of(self, key: str) -> Place:
        """Where this key stands; the place of the mapping where it is not there."""
        return next((name.place for name, _ in self.entries if name.text == key), self.place)


Node = Scalar | Sequence | Mapping


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, in the order of the file."""
    yield node
    match node:
        case Sequence(items=items):
            for item in items:
                yield from walk(item)
        case Mapping(entries=entries):
            for _, value in entries:
                yield from walk(value)


def meaning(node: Node) -> object:
    """What the node says, without places; equal for two spellings of the same, in whatever order their keys stand."""
    match node:
        case Mapping(entries=entries):
            return {key.text: meaning(value) for key, value in entries}
        case Sequence(items=items):
            return [meaning(item) for item in items]
        case Scalar(value=value):
            return value
