"""One table of mailbridge.toml: its schema, and what was found in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mailbridge.config import nodes
from mailbridge.config.nodes import Node
from mailbridge.config.reading import BAD, Reading, Schema
from mailbridge.config.schema import Key, Record


@dataclass(slots=True, kw_only=True)
class Section:
    """What one table holds.  `values`: those that could be read; `node` is empty where the table is not in the file."""

    name: str
    node: nodes.Mapping
    values: dict[str, Any]
    reading: Reading

    def has(self, key: str) -> bool:
        """Whether the key is in the file, with whatever value."""
        return self.node.get(key) is not None

    @property
    def is_there(self) -> bool:
        return bool(self.node.entries)

    @property
    def is_written(self) -> bool:
        """Whether the table is in the file, be it without keys."""
        return self.node.place.line > 0

    def written(self, key: str) -> object:
        """The value as it is in the file; None for a key that is not there."""
        node = self.node.get(key)
        return None if node is None else nodes.meaning(node)

    def mistake(self, message: str, hint: str = "") -> None:
        """A mistake of the whole table."""
        self.reading.mistake(self.node.place, message, hint)

    def at_key(self, key: str, message: str, hint: str = "") -> None:
        self.reading.mistake(self.node.place_of(key), message, hint)

    def at_value(self, key: str, message: str, hint: str = "", item: int | None = None) -> None:
        """A mistake of a value, or of one item of a list."""
        node = self.node.get(key) or self.node
        node = node.items[item] if isinstance(node, nodes.Sequence) and item is not None else node
        self.reading.mistake(node.place, message, hint)

    def unused(self, keys: Iterable[str], *, unless: bool, hint: str) -> None:
        """Keys that have no effect are mistakes, `unless` something else in the file makes them count."""
        for key in keys:
            if self.has(key) and not unless:
                self.at_key(key, f"{key} does nothing here", hint)

    def take(self, keys: Iterable[str]) -> dict[str, Any]:
        """These values, which are no longer in the section."""
        return {key: self.values.pop(key) for key in keys if key in self.values}


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionSchema:
    """The keys of a table.  Reading gives a Section, also where there are mistakes in it, so that all are found in one run."""

    header: str  # [desk], [[mailbox]], [oauth.NAME]
    keys: Mapping[str, Key]

    @property
    def name(self) -> str:
        return self.header.strip("[]").partition(".")[0]

    @property
    def record(self) -> Record:
        return Record(what=f"[{self.name}]", keys=self.keys, names_keys=True)

    def read(self, node: Node, reading: Reading) -> Any:
        if not isinstance(node, nodes.Mapping):
            hint = f"write {self.header} on a line, and its keys below"
            return reading.mistake(node.place, f"expected {self.header}, a table of its own", hint)
        values = {key: value for key, value in self.record.values(node, reading).items() if value is not BAD}
        return Section(name=self.name, node=node, values=values, reading=reading)

    def json_schema(self) -> dict[str, Any]:
        return self.record.json_schema()


def section(header: str, keys: Mapping[str, Schema], required: Iterable[str] = ()) -> SectionSchema:
    """The schema of the table with this header."""
    needed = tuple(required)
    return SectionSchema(header=header, keys={key: Key(schema=schema, required=key in needed) for key, schema in keys.items()})
