"""Schemas of single values: texts, numbers, flags, words, names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mailbridge.config.nodes import Node, Place, Scalar
from mailbridge.config.reading import Reading, Use, Wrong, described
from mailbridge.config.suggest import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Words.  `parse` makes the value of them and raises Wrong; a number in the file is taken as it was written.

    `takes`: the types of values that are taken, where not all are.  A `secret` value is not shown in a message.
    """

    what: str = "text"
    parse: Callable[[str], Any] | None = None
    pattern: str = ""  # for editors only
    takes: tuple[type, ...] = ()
    hint: str = ""  # where the value is of another type
    secret: bool = False

    def read(self, node: Node, reading: Reading) -> Any:
        if not isinstance(node, Scalar) or node.value is None or (self.takes and type(node.value) not in self.takes):
            shown = "" if self.secret else f", not {described(node)}"
            return reading.mistake(node.place, f"expected {self.what}{shown}", self.hint)
        if self.parse is None:
            return node.text
        try:
            return self.parse(node.text)
        except Wrong as err:
            return reading.mistake(place_inside(node, err), str(err), err.hint)

    def json_schema(self) -> dict[str, Any]:
        kinds = [_JSON_TYPES.get(kind, "string") for kind in self.takes] or ["string", "number"]
        schema: dict[str, Any] = {"type": kinds[0] if len(kinds) == 1 else kinds}
        return schema | {"pattern": self.pattern} if self.pattern else schema


_JSON_TYPES = {str: "string", int: "integer"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeNumber:
    """A whole number from `least` to `most`, both allowed."""

    least: int
    most: int

    def read(self, node: Node, reading: Reading) -> Any:
        if not isinstance(node, Scalar) or type(node.value) is not int:
            return reading.expected("a whole number", node)
        if node.value < self.least:
            return reading.mistake(node.place, f"{node.value} is too small", f"the least is {self.least}")
        if node.value > self.most:
            return reading.mistake(node.place, f"{node.value} is too large", f"the most is {self.most}")
        return node.value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forbidden:
    """A key that people look for and that may not stand here.  Its value is not shown."""

    message: str
    hint: str

    def read(self, node: Node, reading: Reading) -> Any:
        return reading.mistake(node.place, self.message, self.hint)

    def json_schema(self) -> dict[str, Any]:
        return {"not": {}, "description": f"{self.message}: {self.hint}"}


def place_inside(node: Scalar, err: Wrong) -> Place:
    """The place of the wrong characters inside the text; the whole text where it is not certain where they are."""
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
        quoted = isinstance(node, Scalar) and bool(node.quote)
        hint = "write true or false without quotes" if quoted else "YAML 1.2 knows true and false only" if _is_yes_or_no(node) else ""
        return reading.mistake(node.place, f"expected true or false, not {described(node)}", hint)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


def _is_yes_or_no(node: Node) -> bool:
    return isinstance(node, Scalar) and node.text.lower() in ("yes", "no", "on", "off", "y", "n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One word of a closed set; gives the member of `words`."""

    what: str
    words: Sequence[str]

    def read(self, node: Node, reading: Reading) -> Any:
        if not isinstance(node, Scalar) or node.value is None:
            return reading.expected(f"one of {', '.join(self.words)}", node)
        if node.text in self.words:
            return self.words[self.words.index(node.text)]
        return reading.mistake(node.place, f'unknown {self.what} "{node.text}"', did_you_mean(node.text, self.words, self.what))

    def json_schema(self) -> dict[str, Any]:
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

    def json_schema(self) -> dict[str, Any]:
        return {"type": ["string", "number"], "description": f"the name of a {self.kind}"}
