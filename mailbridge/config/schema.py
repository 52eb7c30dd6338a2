"""Schemas: what a place in a TOML or YAML file may hold, as data.  Those of single values are in `scalars`, of lists and tables here.

A schema reads a node into a plain value and notes every mistake with its place.  The same schema writes the JSON Schema for editors.
`mailbridge.rules.schema` describes the rule files with these, `mailbridge.config.sections` describes mailbridge.toml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mailbridge.config import nodes
from mailbridge.config.nodes import Node, Scalar
from mailbridge.config.reading import BAD, Reading, Schema, Wrong
from mailbridge.config.scalars import Forbidden, Text, place_inside
from mailbridge.config.suggest import did_you_mean, listed, nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """One thing or a list of them; gives a tuple.  `strict`: a list only, and `hint` is for what is none."""

    of: Schema
    what: str
    strict: bool = False
    least: int = 0
    hint: str = ""

    def read(self, node: Node, reading: Reading) -> Any:
        if not isinstance(node, nodes.Sequence):
            if self.strict:
                return reading.expected(self.what, node, self.hint)
            one = self.of.read(node, reading)
            return BAD if one is BAD else (one,)
        if len(node.items) < self.least:
            return reading.mistake(node.place, f"expected {self.what}, not an empty list")
        values = tuple(self.of.read(item, reading) for item in node.items)
        return BAD if any(value is BAD for value in values) else values

    def json_schema(self) -> dict[str, Any]:
        item = self.of.json_schema()
        array: dict[str, Any] = {"type": "array", "items": item}
        if self.least:
            array["minItems"] = self.least
        return array if self.strict else {"anyOf": [item, array]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A word of a record: what it holds and what it is for."""

    schema: Schema
    about: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A mapping with known keys.  `one_of`: exactly one of these must be there; `least_one`: an empty mapping is a mistake."""

    what: str
    keys: Mapping[str, Key]
    make: Callable[[dict[str, Any]], Any] | None = None
    one_of: tuple[str, ...] = ()
    least_one: bool = False
    elsewhere: Mapping[str, str] = field(default_factory=dict)  # words that people look for here, with where they stand
    example: str = ""  # where the form of the mapping is to be shown
    names_keys: bool = False  # messages about a value begin with its key

    def read(self, node: Node, reading: Reading) -> Any:
        if not isinstance(node, nodes.Mapping):
            if self.example:
                return reading.expected(self.what, node, f"write {self.example}")
            return reading.expected(f"{self.what} (a mapping)", node)
        before = len(reading.problems)
        values = self.values(node, reading)
        if len(reading.problems) > before or BAD in values.values():
            return BAD
        return self.built(node, values, reading)

    def values(self, node: nodes.Mapping, reading: Reading) -> dict[str, Any]:
        """The value of each known key, BAD for a wrong one.  Unknown and missing keys are noted."""
        values: dict[str, Any] = {}
        for key, value in node.entries:
            known = self.keys.get(key.text)
            if known is None:
                self.unknown(key, reading)
            elif self.names_keys:
                values[key.text] = self.value(key.text, known.schema, value, reading)
            else:
                values[key.text] = known.schema.read(value, reading)
        self.complete(node, reading)
        return values

    def value(self, key: str, schema: Schema, node: Node, reading: Reading) -> Any:
        """The value of a key; what is wrong with it begins with the key."""
        before = len(reading.problems)
        value = schema.read(node, reading)
        reading.problems[before:] = [replace(one, message=f"{key}: {one.message}") for one in reading.problems[before:]]
        return value

    def unknown(self, key: Scalar, reading: Reading) -> None:
        known = [name for name, one in self.keys.items() if not isinstance(one.schema, Forbidden)]
        hint = self.elsewhere.get(key.text) or did_you_mean(key.text, known, "key")
        reading.mistake(key.place, f'unknown key "{key.text}" in {self.what}', hint)

    def complete(self, node: nodes.Mapping, reading: Reading) -> None:
        there = {key.text for key, _ in node.entries}
        meant = {nearest(word, self.keys) for word in there if word not in self.keys}  # a misspelt word has been told already
        missing = [name for name, key in self.keys.items() if key.required and name not in there | meant]
        if missing:
            hint = "add " + ", ".join(f'{name} = "…"' for name in missing) if self.names_keys else ""
            reading.mistake(node.place, f"{self.what} needs {_quoted(missing)}", hint)
        given = [key for key, _ in node.entries if key.text in self.one_of]
        if self.one_of and not given and not meant & set(self.one_of):
            reading.mistake(node.place, f"{self.what} needs one of {', '.join(self.one_of)}")
        if len(given) > 1:
            reading.mistake(given[1].place, f'"{given[1].text}" beside "{given[0].text}": {self.what} takes one of them')
        if self.least_one and not node.entries:
            reading.mistake(node.place, f"{self.what} is empty", listed(self.keys, "key"))

    def built(self, node: nodes.Mapping, values: dict[str, Any], reading: Reading) -> Any:
        if self.make is None:
            return values
        try:
            return self.make(values)
        except Wrong as err:
            return reading.mistake(node.place, str(err), err.hint)

    def json_schema(self) -> dict[str, Any]:
        properties = {name: _about(key) for name, key in self.keys.items()}
        made: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
        if required := [name for name, key in self.keys.items() if key.required]:
            made["required"] = required
        if self.one_of:
            made["oneOf"] = [{"required": [name]} for name in self.one_of]
        if self.least_one:
            made["minProperties"] = 1
        return made


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _about(key: Key) -> dict[str, Any]:
    schema = key.schema.json_schema()
    return schema | {"description": key.about} if key.about and "$ref" not in schema else schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A mapping with keys of the admin's own choice.  `defines`: its keys are the names of that kind of thing."""

    what: str
    of: Schema
    key: Schema = field(default_factory=Text)
    defines: str = ""
    least_one: bool = False

    def read(self, node: Node, reading: Reading) -> Any:
        if not isinstance(node, nodes.Mapping):
            return reading.expected(f"{self.what} (a mapping)", node)
        if self.least_one and not node.entries:
            return reading.mistake(node.place, f"{self.what} is empty")
        values: dict[Any, Any] = {}
        bad = False
        for name, value in node.entries:
            key = self.key.read(name, reading)
            if self.defines:
                reading.define(self.defines, name.text, name.place)
            made = self.of.read(value, reading)
            bad = bad or key is BAD or made is BAD
            if key is not BAD:
                values[key] = made
        return BAD if bad else values

    def json_schema(self) -> dict[str, Any]:
        made: dict[str, Any] = {"type": "object", "additionalProperties": self.of.json_schema()}
        return made | {"minProperties": 1} if self.least_one else made


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """Different schemas for a single value, a list and a mapping."""

    what: str
    scalar: Schema | None = None
    sequence: Schema | None = None
    mapping: Schema | None = None

    def read(self, node: Node, reading: Reading) -> Any:
        match node:
            case Scalar():
                schema = self.scalar
            case nodes.Sequence():
                schema = self.sequence
            case _:
                schema = self.mapping
        return reading.expected(self.what, node) if schema is None else schema.read(node, reading)

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [s.json_schema() for s in (self.scalar, self.sequence, self.mapping) if s is not None]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What `make` builds of another schema's value."""

    of: Schema
    make: Callable[[Any], Any]

    def read(self, node: Node, reading: Reading) -> Any:
        value = self.of.read(node, reading)
        if value is BAD:
            return BAD
        try:
            return self.make(value)
        except Wrong as err:
            return reading.mistake(place_inside(node, err) if isinstance(node, Scalar) else node.place, str(err), err.hint)

    def json_schema(self) -> dict[str, Any]:
        return self.of.json_schema()


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """A schema that contains itself, looked up when it is read; `name` is what editors know it by."""

    name: str
    schema: Callable[[], Schema]

    def read(self, node: Node, reading: Reading) -> Any:
        return self.schema().read(node, reading)

    def json_schema(self) -> dict[str, Any]:
        return {"$ref": f"#/$defs/{self.name}"}


def keys(**schemas: Schema | Key) -> dict[str, Key]:
    """A record's keys; a word with '-' in it is written with '_'."""
    return {name.replace("_", "-"): schema if isinstance(schema, Key) else Key(schema=schema) for name, schema in schemas.items()}
