"""Reads gettext's `.po` files: what translators edit.  Pure; `.mo` files are made of them by `make catalogues`.

Babel writes and compiles these files and is a development tool.  This reader is for a desk's own catalogues and for `templates check`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from gettext import c2py

from mailbridge.errors import Permanent

_KEYWORD = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[(\d+)\])?)\s+(".*")\s*')
_PLURAL_FORMS = re.compile(r"^Plural-Forms:\s*nplurals=(\d+);\s*plural=([^;\n]+)", re.MULTILINE)

_TRIED = 201  # numbers; every language repeats its forms within a hundred


class BadCatalogue(Permanent):
    """This line of the file is not in the format of gettext."""

    def __init__(self, what: str, line: int) -> None:
        super().__init__(what)
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class PoEntry:
    """A message with its translation.  `strings`: one text, or one for each plural form; '' where it is not translated."""

    id: str
    context: str = ""
    plural: str = ""
    strings: tuple[str, ...] = ("",)
    fuzzy: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Po:
    """`plural_rule`: the expression of gettext that gives the number of the form for `n`."""

    entries: tuple[PoEntry, ...]
    forms: int
    plural_rule: str


@dataclass(slots=True)
class _Open:
    """The entry that is being read."""

    line: int = 0
    fuzzy: bool = False
    texts: dict[str, str] = field(default_factory=dict)
    current: str = ""

    def closed(self) -> PoEntry | None:
        if "msgid" not in self.texts:
            return None
        strings = tuple(self.texts[name] for name in sorted(self.texts, key=_form) if name.startswith("msgstr"))
        return PoEntry(
            id=self.texts["msgid"],
            context=self.texts.get("msgctxt", ""),
            plural=self.texts.get("msgid_plural", ""),
            strings=strings or ("",),
            fuzzy=self.fuzzy,
            line=self.line,
        )


def _form(name: str) -> int:
    return int(name[7:-1]) if name.startswith("msgstr[") else -1


def read_po(text: str) -> Po:
    """The messages of a `.po` file; obsolete ones (`#~`) are left out.  Raises BadCatalogue."""
    entries = list(_entries(text))
    header = next((entry for entry in entries if not entry.id and not entry.context), PoEntry(id=""))
    found = _PLURAL_FORMS.search(header.strings[0])
    forms, rule = (int(found[1][:3]), found[2].strip()) if found else (2, "n != 1")
    _check_rule(rule, forms, header.line)
    return Po(entries=tuple(entry for entry in entries if entry.id), forms=forms, plural_rule=rule)


def _check_rule(rule: str, forms: int, line: int) -> None:
    """Raises BadCatalogue where the rule gives no form, or one that there is not, for some of the first numbers."""
    try:
        form = c2py(rule)
        given = {int(form(number)) for number in range(_TRIED)}
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise BadCatalogue(f"Plural-Forms has no rule that can be worked out: {error}", line) from None
    if wrong := sorted(given - set(range(forms))):
        raise BadCatalogue(f"Plural-Forms gives the form {wrong[0]}, and there are {forms} from 0 on", line)


def _entries(text: str) -> Iterator[PoEntry]:
    read = _Open()
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if stripped.startswith("#"):
            if "msgstr" in read.current:
                yield from _one(read)
                read = _Open()
            read.fuzzy = read.fuzzy or (stripped.startswith("#,") and "fuzzy" in stripped)
        elif found := _KEYWORD.fullmatch(stripped):
            if "msgstr" in read.current and not found[1].startswith("msgstr"):
                yield from _one(read)
                read = _Open()
            read.line = number if found[1] == "msgid" else read.line
            read.current = found[1]
            read.texts[found[1]] = _unquoted(found[3], number)
        elif stripped.startswith('"') and read.current:
            read.texts[read.current] += _unquoted(stripped, number)
        elif stripped:
            raise BadCatalogue("this is no line of a .po file", number)
    yield from _one(read)


def _one(read: _Open) -> Iterator[PoEntry]:
    entry = read.closed()
    if entry is not None:
        yield entry


def _unquoted(text: str, line: int) -> str:
    """C's escapes are those of Python as far as gettext uses them."""
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        raise BadCatalogue("the quotation marks of this text do not fit", line) from None
    if not isinstance(value, str):
        raise BadCatalogue("this is no text in quotation marks", line)
    return value
