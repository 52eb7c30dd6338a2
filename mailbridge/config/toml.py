"""TOML text -> nodes with places.

`tomllib` decides what is TOML and reads the values.  It forgets where they stand, so a scanner goes through the accepted text again
and notes the place of each key and value.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Mapping as Values
from datetime import date, time

from mailbridge.config.nodes import Mapping, Node, Place, Scalar, Sequence
from mailbridge.errors import Problem

Path = tuple[str | int, ...]  # ("mailbox", 0, "folders", 1) is the second folder of the first [[mailbox]]

TERM = "a table"

_SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_KEY = re.compile(r"[A-Za-z0-9_-]+|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'")
_STRING = re.compile(r"\"\"\"(?:[^\\]|\\.)*?\"{3,5}|'''.*?'{3,5}|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'", re.DOTALL)
_BARE = re.compile(r"[^,\]}#\n]+")


def read(file: str, text: str) -> tuple[Mapping | None, tuple[Problem, ...]]:
    """The tables in `text`; None where it is no TOML.  Raises nothing on account of the text."""
    text = text.removeprefix("\ufeff")  # editors on Windows put a mark before the first line
    try:
        values = tomllib.loads(text)
        scanner = _Scanner(file, text)
        scanner.document()
        return scanner.table(values), ()
    except tomllib.TOMLDecodeError as error:
        return None, (_syntax_problem(file, text, str(error)),)
    except ValueError:  # int() refuses it; tomllib lets that through
        return None, (_endless_number(file, text),)
    except RecursionError:
        return None, (Problem(file=file, message="nested too deep", hint="no value of this file needs more than two levels"),)


def _syntax_problem(file: str, text: str, message: str) -> Problem:
    if (opened := _open_quote(file, text)) is not None:
        return opened.problem("not valid TOML: the quote that begins here is not closed", "write the same quote at the end of the text")
    found = re.search(r"\(at line (\d+), column (\d+)\)", message)
    lines = text.splitlines() or [""]
    line, column = (int(found[1]), int(found[2])) if found else (len(lines), len(lines[-1]) + 1)
    if (opened := _open_list(file, text, line, column)) is not None:
        return opened.problem("not valid TOML: the list that begins here is not closed", "write ] behind its last entry")
    reason = re.sub(r" \(at .*\)$", "", message)
    hint = _remedy(lines[line - 1][column - 1 :] if line <= len(lines) else "")
    return Place(file=file, line=line, column=column).problem(f"not valid TOML: {reason[:1].lower()}{reason[1:]}", hint)


_ENDLESS = re.compile(rf"[0-9_]{{{sys.get_int_max_str_digits()}}}")


def _endless_number(file: str, text: str) -> Problem:
    found = _ENDLESS.search(text)
    place = _place_at(file, text, found.start(), 1) if found else Place(file=file, line=1, column=1)
    return place.problem("not valid TOML: a number with thousands of digits")


def _remedy(rest: str) -> str:
    """What probably mends a line of TOML that ends in `rest` from the mistake on."""
    if rest[:1] in tuple("“”„‟‘’‚«»"):
        return 'write straight quotes: "…"'
    if re.match(r"[^\W\d]", rest) or "@" in rest or "://" in rest:
        return 'a text stands in quotes: name = "Acme"'  # never the text itself, which may be a secret
    return "https://toml.io shows how it is written"


_BEGINS = re.compile(r"#[^\n]*|\"\"\"|\'\'\'|[\"\']")


def _open_quote(file: str, text: str) -> Place | None:
    """Where the first quote of a TOML text stands that is not closed; None where all are.  The text need not be valid."""
    at = 0
    while (found := _BEGINS.search(text, at)) is not None:
        comment = found[0].startswith("#")
        whole = None if comment else _STRING.match(text, found.start())
        if whole is not None and len(found[0]) == 3 and len(whole[0]) < 6:
            whole = None  # two of three quotes are no text of their own
        if whole is None and not comment:
            return _place_at(file, text, found.start(), len(found[0]))
        at = whole.end() if whole else found.end()
    return None


_LIST_MARKS = re.compile(rf"#[^\n]*|{_STRING.pattern}|^[ \t]*\[|\[|\]|\n", re.DOTALL | re.MULTILINE)


def _open_list(file: str, text: str, line: int, column: int) -> Place | None:
    """Where the innermost list begins that is not closed before this line and column; None where all are.  All quotes are closed."""
    stop = sum(len(line) + 1 for line in text.split("\n")[: line - 1]) + column - 1
    opened: list[int] = []
    header = False  # [table] and [[table]] are no lists
    for found in _LIST_MARKS.finditer(text, 0, stop):
        mark = found[0]
        header = mark != "\n" and (header or (not opened and mark.endswith("[") and _begins_line(text, found.end() - 1)))
        if mark.endswith("[") and not header and not mark.startswith("#"):
            opened.append(found.end() - 1)
        elif mark == "]" and opened:
            opened.pop()
    return _place_at(file, text, opened[-1], 1) if opened else None


def _begins_line(text: str, at: int) -> bool:
    return not text[text.rfind("\n", 0, at) + 1 : at].strip()


def _place_at(file: str, text: str, at: int, length: int) -> Place:
    return Place(file=file, line=text.count("\n", 0, at) + 1, column=at - text.rfind("\n", 0, at), length=length)


class _Scanner:
    """Finds ends and counts lines in a text that `tomllib` accepted; judges nothing."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.at = 0
        self.keys: dict[Path, Place] = {}
        self.values: dict[Path, Place] = {}
        self.tables: dict[Path, int] = {}  # entries of [[name]] seen so far

    def document(self) -> None:
        table: Path = ()
        while self._skip(_SPACE) < len(self.text):
            table = self._header() if self.text[self.at] == "[" else self._pair(table)

    def _header(self) -> Path:
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
        for length in range(1, len(name)):  # [oauth.support] makes [oauth], too
            self.keys.setdefault(name[:length], self.keys[name])
        return name

    def _inside_arrays(self, name: Path) -> Path:
        """`[mailbox.extra]` after `[[mailbox]]` belongs to the last mailbox."""
        full: Path = ()
        for part in name[:-1]:
            full = (*full, part)
            if full in self.tables:
                full = (*full, self.tables[full])
        return (*full, name[-1])

    def _pair(self, table: Path) -> Path:
        start = self._skip(_BLANK)
        path = (*table, *self._dotted())
        self.keys[path] = self._place(start, self.at)
        self.at = self.text.index("=", self.at) + 1
        self._value(path)
        return table

    def _dotted(self) -> Path:
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

    def _value(self, path: Path) -> None:
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

    def _array(self, path: Path) -> None:
        index = 0
        while self._begins_item("]"):
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: Path) -> None:
        while self._begins_item("}"):
            self._pair(path)

    def _begins_item(self, end: str) -> bool:
        """Moves behind the bracket or comma; whether an item begins there.  If not, moves behind the closing bracket."""
        if self.text[self._skip(_SPACE)] != end:
            self.at += 1
        if self.text[self._skip(_SPACE)] != end:
            return True
        self.at += 1
        return False

    def _skip(self, pattern: re.Pattern[str]) -> int:
        """Moves behind what `pattern` matches here, if it does; the new place."""
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return self.at

    def _place(self, start: int, end: int) -> Place:
        line_end = self.text.find("\n", start)
        end = min(end, line_end if line_end >= 0 else len(self.text))
        return _place_at(self.file, self.text, start, max(1, end - start))

    def table(self, values: Values[str, object], path: Path = ()) -> Mapping:
        """The nodes of a table that `tomllib` read."""
        entries = tuple(
            (Scalar(place=self._key((*path, key)), text=key, value=key), self._node(value, (*path, key))) for key, value in values.items()
        )
        return Mapping(place=self._at(path), entries=entries, term=TERM)

    def _node(self, value: object, path: Path) -> Node:
        match value:
            case dict():
                return self.table(value, path)
            case list():
                return Sequence(place=self._at(path), items=tuple(self._node(item, (*path, index)) for index, item in enumerate(value)))
            case str():
                return Scalar(place=self._at(path), text=value, value=value, quote='"')
            case bool():
                return Scalar(place=self._at(path), text=str(value).lower(), value=value)
            case int() | float() | date() | time():
                return Scalar(place=self._at(path), text=str(value), value=value)
        raise TypeError(f"tomllib read a {type(value).__name__}")

    def _at(self, path: Path) -> Place:
        return self.values.get(path) or self._key(path)

    def _key(self, path: Path) -> Place:
        """The place of this key, or of the nearest table around it."""
        while path and path not in self.keys:
            path = path[:-1]
        return self.keys.get(path) or Place(file=self.file, line=0, column=0)
