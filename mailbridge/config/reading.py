"""Reading a file by schemas: the mistakes so far, the names that were defined and used, and what every schema does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, time
from enum import Enum
from typing import Any, Final, Protocol

from mailbridge.config import nodes
from mailbridge.config.nodes import Node, Place, Scalar
from mailbridge.config.suggest import did_you_mean, nearest
from mailbridge.errors import Problem


class _Bad(Enum):
    BAD = "bad"


BAD: Final = _Bad.BAD  # what a schema gives for a node whose mistake has been noted


class Wrong(ValueError):
    """A text that cannot mean what its place asks for.  `start` and `length` mark the wrong characters inside the text."""

    def __init__(self, message: str, hint: str = "", *, start: int = 0, length: int = 0) -> None:
        super().__init__(message)
        self.hint = hint
        self.start = start
        self.length = length


def shaped(text: str, pattern: str | re.Pattern[str], message: str, hint: str = "") -> str:
    """The text, where it is of this shape.  Raises Wrong with `"text" message`."""
    if not re.fullmatch(pattern, text):
        raise Wrong(f'"{text}" {message}', hint)
    return text


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

    def expected(self, what: str, node: Node, hint: str = "") -> _Bad:
        return self.mistake(node.place, f"expected {what}, not {described(node)}", hint)

    def define(self, kind: str, name: str, place: Place | None) -> None:
        self.defined.setdefault(kind, {}).setdefault(name, place)

    def dangling(self) -> list[Problem]:
        """A mistake for each used name that nothing defines."""
        uses = [use for use in self.uses if use.kind not in self.unknowable]
        return [self._dangling(use) for use in uses if use.name not in self.defined.get(use.kind, {})]

    def _dangling(self, use: Use) -> Problem:
        known = self.defined.get(use.kind, {})
        hint = did_you_mean(use.name, known, use.kind)
        place = known.get(nearest(use.name, known))
        hint = f"{hint.removesuffix('?')} ({place.file}:{place.line})?" if place else hint
        return use.place.problem(f'unknown {use.kind} "{use.name}"', hint)


class Schema(Protocol):
    def read(self, node: Node, reading: Reading) -> Any:
        """The value, or BAD with the mistakes noted."""
        ...

    def json_schema(self) -> dict[str, Any]:
        """The same in JSON Schema (2020-12)."""
        ...


def described(node: Node) -> str:
    """What stands there, for a sentence."""
    match node:
        case nodes.Mapping():
            return node.term
        case nodes.Sequence():
            return "a list"
        case Scalar(value=None):
            return "nothing"
        case Scalar(value=bool()):
            return node.text
        case Scalar(value=int() | float()) if not node.quote:
            return f"the number {node.text}"
        case Scalar(value=date() | time()):
            return f"the date or time {node.text}"
    return f'"{node.text}"' if len(node.text) <= 60 else f'"{node.text[:59]}…"'
