"""Where in a TOML file each key and each value stands.  `tomllib` reads values and forgets their places; mistakes need them.

The text was accepted by `tomllib` before it comes here, so this scanner only finds ends and counts; it judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

Where = tuple[str | int, ...]

_SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_KEY = re.compile(r"[A-Za-z0-9_-]+|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'")
_STRING = re.compile(r"\"\"\"(?:[^\\]|\\.)*?\"{3,5}|'''.*?'{3,5}|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'", re.DOTALL)
_BARE = re.compile(r"[^,\]}#\n]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column count from 1; `length` is the width on that line."""

    line: int
    column: int
    length: int = 1


@dataclass(frozen=True, slots=True)
class Places:
    """Places by path: `("mailbox", 0, "folders", 1)` is the second folder of the first `[[mailbox]]`."""

    keys: Mapping[Where, Place]
    values: Mapping[Where, Place]

    def key(self, path: Where) -> Place:
        """The place of this key, or of the nearest table around it."""
        while path and path not in self.keys:
            path = path[:-1]
        return self.keys.get(path, Place(0, 0))

    def value(self, path: Where) -> Place:
        return self.values.get(path) or self.key(path)


def locate(text: str) -> Places:
    """The places of all keys and values of a valid TOML text."""
    scanner = _Scanner(text)
    scanner.document()
    return Places(scanner.keys, scanner.values)


_BEGINS = re.compile(r"#[^\n]*|\"\"\"|\'\'\'|[\"\']")


def open_quote(text: str) -> Place | None:
    """Where the first quote of a TOML text stands that is not closed; None where all are.  The text need not be valid."""
    at = 0
    while (found := _BEGINS.search(text, at)) is not None:
        comment = found[0].startswith("#")
        whole = None if comment else _STRING.match(text, found.start())
        if whole is not None and len(found[0]) == 3 and len(whole[0]) < 6:
            whole = None  # two of three quotes are no text of their own
        if whole is None and not comment:
            before = text[: found.start()]
            return Place(before.count("\n") + 1, found.start() - before.rfind("\n"), len(found[0]))
        at = whole.end() if whole else found.end()
    return None


_LIST_MARKS = re.compile(rf"#[^\n]*|{_STRING.pattern}|^[ \t]*\[|\[|\]|\n", re.DOTALL | re.MULTILINE)


def open_list(text: str, end: Place) -> Place | None:
    """Where the innermost list begins that is not closed before `end`; None where all are.  All quotes of the text are closed."""
    stop = sum(len(line) + 1 for line in text.split("\n")[: end.line - 1]) + end.column - 1
    opened: list[int] = []
    header = False  # [table] and [[table]] are no lists
    for found in _LIST_MARKS.finditer(text, 0, stop):
        mark = found[0]
        header = mark != "\n" and (header or (not opened and mark.endswith("[") and _begins_line(text, found.end() - 1)))
        if mark.endswith("[") and not header and not mark.startswith("#"):
            opened.append(found.end() - 1)
        elif mark == "]" and opened:
            opened.pop()
    if not opened:
        return None
    return Place(text.count("\n", 0, opened[-1]) + 1, opened[-1] - text.rfind("\n", 0, opened[-1]))


def _begins_line(text: str, at: int) -> bool:
    return not text[text.rfind("\n", 0, at) + 1 : at].strip()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.keys: dict[Where, Place] = {}
        self.values: dict[Where, Place] = {}
        self.tables: dict[Where, int] = {}  # entries of [[name]] seen so far

    def document(self) -> None:
        table: Where = ()
        while self._skip(_SPACE) < len(self.text):
            table = self._header() if self.text[self.at] == "[" else self._pair(table)

    def _header(self) -> Where:
        start = self.at
        many = self.text.startswith("[[", start)
        self.at += 2 if many else 1
        name = self._inside_arrays(self._dotted())
        self.at = self.text.index("]]" if many else "]", self.at) + (2 if many else 1)
        if many:
            self.keys.setdefault(name, self._place(start, self.at))
            self.tables[name] = self.tables.get(name, -1) + 1
            name = (*name, self.tables[name])
        self.keys[name] = self._place(start, self.at)
        return name

    def _inside_arrays(self, name: Where) -> Where:
        """`[mailbox.extra]` after `[[mailbox]]` belongs to the last mailbox."""
        full: Where = ()
        for part in name[:-1]:
            full = (*full, part)
            if full in self.tables:
                full = (*full, self.tables[full])
        return (*full, name[-1])

    def _pair(self, table: Where) -> Where:
        start = self._skip(_BLANK)
        path = (*table, *self._dotted())
        self.keys[path] = self._place(start, self.at)
        self.at = self.text.index("=", self.at) + 1
        self._value(path)
        return table

    def _dotted(self) -> Where:
        parts: list[str | int] = []
        while True:
            self._skip(_BLANK)
            key = _KEY.match(self.text, self.at)
            if key is None:
                return tuple(parts)
            parts.append(key.group().strip("\"'"))
            end = self.at = key.end()
            if self.text[self._skip(_BLANK)] != ".":
                self.at = end
                return tuple(parts)
            self.at += 1

    def _value(self, path: Where) -> None:
        start = self._skip(_BLANK)
        match self.text[start]:
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case '"' | "'":
                self._skip(_STRING)
            case _:
                bare = _BARE.match(self.text, start)
                self.at = start + len(bare.group().rstrip()) if bare else start + 1
        self.values[path] = self._place(start, self.at)

    def _array(self, path: Where) -> None:
        self.at += 1
        index = 0
        while self.text[self._skip(_SPACE)] != "]":
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._value((*path, index))
            index += 1
        self.at += 1

    def _inline_table(self, path: Where) -> None:
        self.at += 1
        while self.text[self._skip(_SPACE)] != "}":
            if self.text[self.at] == ",":
                self.at += 1
                continue
            self._pair(path)
        self.at += 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        """Moves behind what `pattern` matches here, if it does; the new place."""
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return self.at

    def _place(self, start: int, end: int) -> Place:
        line_start = self.text.rfind("\n", 0, start) + 1
        line_end = self.text.find("\n", start)
        end = min(end, line_end if line_end >= 0 else len(self.text))
        return Place(self.text.count("\n", 0, start) + 1, start - line_start + 1, max(1, end - start))
