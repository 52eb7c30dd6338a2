"""Shapes: what a place in a YAML file may hold, said once as data.

A shape reads a node into a plain value and notes every mistake with its place; the same shape writes the JSON Schema that editors
use.  `mailbridge.rules.schema` puts the language of the rule files together from these.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Protocol

from mailbridge.config import yaml
from mailbridge.config.yaml import Node, Place, Scalar
from mailbridge.errors import Problem


class _Bad(Enum):
    BAD = "bad"


BAD: Final = _Bad.BAD  # what a shape gives for a node whose mistake has been noted


class Wrong(ValueError):
    """A text that cannot mean what its place asks for.  `start` and `length` mark the wrong characters inside the text."""

    def __init__(self, message: str, hint: str = "", *, start: int = 0, length: int = 0) -> None:
        super().__init__(message)
        self.hint = hint
        self.start = start
        self.length = length


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A name that stands for something defined elsewhere."""

    kind: str
    name: str
    place: Place


@dataclass(slots=True)
class Reading:
    """What is known while files are read: the mistakes so far, the names defined and the names used."""

    problems: list[Problem] = field(default_factory=list)
    defined: dict[str, dict[str, Place | None]] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    unknowable: set[str] = field(default_factory=set)  # kinds of names whose file could not be read

    def mistake(self, place: Place, message: str, hint: str = "") -> _Bad:
        self.problems.append(place.problem(message, hint))
        return BAD

    def expected(self, what: str, node: Node) -> _Bad:
        return self.mistake(node.place, f"expected {what}, not {described(node)}")

    def define(self, kind: str, name: str, place: Place | None) -> None:
        self.defined.setdefault(kind, {}).setdefault(name, place)

    def dangling(self) -> list[Problem]:
        """A mistake for each used name that nothing defines."""
        uses = [use for use in self.uses if use.kind not in self.unknowable]
        return [self._dangling(use) for use in uses if use.name not in self.defined.get(use.kind, {})]

    def _dangling(self, use: Use) -> Problem:
        known = self.defined.get(use.kind, {})
        close = nearest(use.name, known)
        place = known.get(close) if close else None
        hint = f'did you mean "{close}"' + (f" ({place.file}:{place.line})?" if place else "?") if close else listed(known, use.kind)
        return use.place.problem(f'unknown {use.kind} "{use.name}"', hint)


class Shape(Protocol):
    def read(self, node: Node, reading: Reading) -> Any:
        """The value, or BAD with the mistakes noted."""
        ...

    def schema(self) -> dict[str, Any]:
        """The same in JSON Schema (2020-12)."""
        ...


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    words = {k.lower(): k for k in known}
    folded = word.lower().replace("_", "-")
    if folded in words:
        return words[folded]
    close = difflib.get_close_matches(folded, words, n=1, cutoff=0.6)
    return words[close[0]] if close else None


def listed(known: Iterable[str], kind: str) -> str:
    """The words to choose from, where that is a help."""
    words = list(known)
    if not words:
        return f"no {kind} is defined"
    return f"known: {', '.join(words[:12])}{', …' if len(words) > 12 else ''}"


def described(node: Node) -> str:
    """What stands there, for a sentence."""
    match node:
        case yaml.Mapping():
            return "a mapping"
        case yaml.Sequence():
            return "a list"
        case Scalar(value=None):
            return "nothing"
        case Scalar(value=bool()):
            return node.text
    return f'"{node.text}"' if len(node.text) <= 60 else f'"{node.text[:59]}…"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Words.  `parse` makes the value of them and raises Wrong; a number in the file is taken as it was written."""

    what: str = "text"
    parse: Callable[[str], Any] | None = None
    pattern: str = ""  # for editors only

    def read(self, node: Node, reading: Reading) -> Any:
        if not isinstance(node, Scalar) or node.value is None:
            return reading.expected(self.what, node)
        if self.parse is None:
            return node.text
        try:
            return self.parse(node.text)
        except Wrong as err:
            return reading.mistake(_inside(node, err), str(err), err.hint)

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number"], "pattern": self.pattern} if self.pattern else {"type": ["string", "number"]}


def _inside(node: Scalar, err: Wrong) -> Place:
    # In quotes an escape may shift the columns after it, so only text that stands in the file as it is gets a mark inside.
    exact = node.place.length == len(node.text) + 2 * len(node.quote)
    if not err.length or not exact or node.quote in ("|", ">"):
        return node.place
    return node.place.part(err.start + len(node.quote), err.length)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """true or false."""

    def read(self, node: Node, reading: Reading) -> Any:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        hint = "YAML 1.2 knows true and false only" if isinstance(node, Scalar) and node.text.lower() in _TRUTHY else ""
        return reading.mistake(node.place, f"expected true or false, not {described(node)}", hint)

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


_TRUTHY = ("yes", "no", "on", "off", "y", "n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One word of a closed set."""

    what: str
    words: Sequence[str]

    def read(self, node: Node, reading: Reading) -> Any:
        if not isinstance(node, Scalar) or node.value is None:
            return reading.expected(f"{self.what} ({', '.join(self.words)})", node)
        if node.text in self.words:
            return node.text
        close = nearest(node.text, self.words)
        hint = f'did you mean "{close}"?' if close else listed(self.words, self.what)
        return reading.mistake(node.place, f'unknown {self.what} "{node.text}"', hint)

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """The name of something that another place defines: a team, an agent."""

    kind: str

    def read(self, node: Node, reading: Reading) -> Any:
        if not isinstance(node, Scalar) or node.value is None:
            return reading.expected(f"the name of a {self.kind}", node)
        reading.uses.append(Use(kind=self.kind, name=node.text, place=node.place))
        return node.text

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number"], "description": f"the name of a {self.kind}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """One thing or a list of them; gives a tuple.  `strict`: a list only."""

    of: Shape
    what: str
    strict: bool = False
    least: int = 0

    def read(self, node: Node, reading: Reading) -> Any:
        if not isinstance(node, yaml.Sequence):
            if self.strict:
                return reading.expected(self.what, node)
            one = self.of.read(node, reading)
            return BAD if one is BAD else (one,)
        if len(node.items) < self.least:
            return reading.mistake(node.place, f"expected {self.what}, not an empty list")
        values = tuple(self.of.read(item, reading) for item in node.items)
        return BAD if any(value is BAD for value in values) else values

    def schema(self) -> dict[str, Any]:
        item = self.of.schema()
        array: dict[str, Any] = {"type": "array", "items": item}
        if self.least:
            array["minItems"] = self.least
        return array if self.strict else {"anyOf": [item, array]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A word of a record: what it holds and what it is for."""

    shape: Shape
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

    def read(self, node: Node, reading: Reading) -> Any:
        if not isinstance(node, yaml.Mapping):
            return reading.expected(f"{self.what} (a mapping)", node)
        before = len(reading.problems)
        values: dict[str, Any] = {}
        for key, value in node.entries:
            known = self.keys.get(key.text)
            if known is None:
                self.unknown(key, reading)
            else:
                values[key.text] = known.shape.read(value, reading)
        self.complete(node, reading)
        if len(reading.problems) > before or BAD in values.values():
            return BAD
        return self.built(node, values, reading)

    def unknown(self, key: Scalar, reading: Reading) -> None:
        close = nearest(key.text, self.keys)
        hint = f'did you mean "{close}"?' if close else listed(self.keys, "key")
        reading.mistake(key.place, f'unknown key "{key.text}" in {self.what}', self.elsewhere.get(key.text, hint))

    def complete(self, node: yaml.Mapping, reading: Reading) -> None:
        there = {key.text for key, _ in node.entries}
        meant = {nearest(word, self.keys) for word in there - set(self.keys)}  # a misspelt word has been told already
        missing = [name for name, key in self.keys.items() if key.required and name not in there | meant]
        if missing:
            reading.mistake(node.place, f"{self.what} needs {_quoted(missing)}")
        given = [key for key, _ in node.entries if key.text in self.one_of]
        if self.one_of and not given and not meant & set(self.one_of):
            reading.mistake(node.place, f"{self.what} needs one of {', '.join(self.one_of)}")
        if len(given) > 1:
            reading.mistake(given[1].place, f'"{given[1].text}" beside "{given[0].text}": {self.what} takes one of them')
        if self.least_one and not node.entries:
            reading.mistake(node.place, f"{self.what} is empty", listed(self.keys, "key"))

    def built(self, node: yaml.Mapping, values: dict[str, Any], reading: Reading) -> Any:
        if self.make is None:
            return values
        try:
            return self.make(values)
        except Wrong as err:
            return reading.mistake(node.place, str(err), err.hint)

    def schema(self) -> dict[str, Any]:
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
    schema = key.shape.schema()
    return schema | {"description": key.about} if key.about and "$ref" not in schema else schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A mapping with keys of the admin's own choice.  `defines`: its keys are the names of that kind of thing."""

    what: str
    of: Shape
    key: Shape = field(default_factory=Text)
    defines: str = ""
    least_one: bool = False

    def read(self, node: Node, reading: Reading) -> Any:
        if not isinstance(node, yaml.Mapping):
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

    def schema(self) -> dict[str, Any]:
        made: dict[str, Any] = {"type": "object", "additionalProperties": self.of.schema()}
        return made | {"minProperties": 1} if self.least_one else made


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """Different shapes for a single value, a list and a mapping."""

    what: str
    scalar: Shape | None = None
    sequence: Shape | None = None
    mapping: Shape | None = None

    def read(self, node: Node, reading: Reading) -> Any:
        match node:
            case Scalar():
                shape = self.scalar
            case yaml.Sequence():
                shape = self.sequence
            case _:
                shape = self.mapping
        return reading.expected(self.what, node) if shape is None else shape.read(node, reading)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [s.schema() for s in (self.scalar, self.sequence, self.mapping) if s is not None]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What `make` builds of another shape's value."""

    of: Shape
    make: Callable[[Any], Any]

    def read(self, node: Node, reading: Reading) -> Any:
        value = self.of.read(node, reading)
        if value is BAD:
            return BAD
        try:
            return self.make(value)
        except Wrong as err:
            return reading.mistake(_inside(node, err) if isinstance(node, Scalar) else node.place, str(err), err.hint)

    def schema(self) -> dict[str, Any]:
        return self.of.schema()


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """A shape that contains itself, looked up when it is read; `name` is what editors know it by."""

    name: str
    shape: Callable[[], Shape]

    def read(self, node: Node, reading: Reading) -> Any:
        return self.shape().read(node, reading)

    def schema(self) -> dict[str, Any]:
        return {"$ref": f"#/$defs/{self.name}"}


def keys(**shapes: Shape | Key) -> dict[str, Key]:
    """A record's keys; a word with '-' in it is written with '_'."""
    return {name.replace("_", "-"): shape if isinstance(shape, Key) else Key(shape=shape) for name, shape in shapes.items()}
