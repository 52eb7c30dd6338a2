"""Where a template lies: in the desk's folder or in the shipped one, under its name or under the name that it had before.

A mail has one template for text and HTML, `mail/customer.closed.j2`.  It is compiled twice: for text nothing is escaped, for HTML
everything is.  Up to the next release a desk's own files may also be in the form of before, one for each language and each of the two,
and they extend and include what was there then:

    mail/customer.txt.j2        takes the place of mail/customer.j2 in texts
    mail/en/_results.html.j2    takes the place of mail/_results.j2 in HTML

and the other way round, where such a file asks for mail/customer.txt.j2 or mail/en/_results.txt.j2, it gets what is there now.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path

from jinja2 import BaseLoader, Environment, TemplateNotFound

_NOW = re.compile(r"mail/(_?)([\w-]+(?:\.\w+)?)\.j2")
_BEFORE = re.compile(r"mail/(?:[A-Za-z0-9-]+/)?([\w-]+(?:\.\w+)?)\.(?:txt|html)\.j2")
_STAY = frozenset(f"mail/{name}.{kind}.j2" for name in ("layout", "parts") for kind in ("txt", "html"))
_SAFE = re.compile(r"[\w.-]+(?:/[\w.-]+)*")


class BodyPart(StrEnum):
    """The two readings of a mail (RFC 2046, 5.1.4), as the names of files of before have them."""

    TEXT = "txt"
    HTML = "html"


class TemplateFiles(BaseLoader):
    """Loads templates for one kind from folders, the desk's first.  A file that appears, changes or goes counts from `look_again` on."""

    def __init__(self, folders: Sequence[Path], kind: BodyPart) -> None:
        self.folders, self._kind = tuple(folders), kind
        self._places: dict[str, tuple[Path, ...]] = {}
        self._exactly: dict[str, tuple[Path, ...]] = {}
        self._looked: dict[str, tuple[Path, int] | None] = {}

    def look_again(self) -> bool:
        """The files as they are now are used from here on; whether one that was asked for since the last look changed, came or went."""
        before, self._looked = self._looked, {}
        return any(self._state(name) != state for name, state in before.items())

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Raises TemplateNotFound."""
        found = self._state(template)
        if found is None:
            raise TemplateNotFound(template)
        return found[0].read_text(encoding="utf-8"), str(found[0]), lambda: self._state(template) == found

    def list_templates(self) -> list[str]:
        files = (file.relative_to(folder).as_posix() for folder in self.folders for file in folder.rglob("*.j2"))
        return sorted(set(files))

    def holds(self, name: str) -> bool:
        """Whether there is a file of exactly this name."""
        if name not in self._exactly:
            self._exactly[name] = tuple(folder / name for folder in self.folders)
        return any(_changed(path) is not None for path in self._exactly[name])

    def _state(self, name: str) -> tuple[Path, int] | None:
        """The file that is used now, and when it was changed; None where there is none."""
        looked = self._looked
        if name not in looked:
            if name not in self._places:
                self._places[name] = self._candidates(name)
            there = ((path, changed) for path in self._places[name] if (changed := _changed(path)) is not None)
            looked[name] = next(there, None)
        return looked[name]

    def _candidates(self, name: str) -> tuple[Path, ...]:
        if not _SAFE.fullmatch(name) or ".." in name:
            return ()
        return tuple(folder / each for folder in self.folders for each in _names(name, self._kind))


def _changed(path: Path) -> int | None:
    """When the file was changed, in nanoseconds; None where there is none."""
    try:
        return path.stat().st_mtime_ns
    except (FileNotFoundError, NotADirectoryError):
        return None


def instead_of(name: str) -> str:
    """What takes the place of an own file of before in the next release; '' for a file that stays."""
    if name.endswith("/words.j2"):
        return f"locales/{name.split('/')[1]}/mail.po"
    if name in _STAY or not (found := _BEFORE.fullmatch(name)):
        return ""
    return f"mail/{found[1]}.j2"


def _names(name: str, kind: BodyPart) -> Iterator[str]:
    """The name, and those under which a file of before has its place."""
    yield name
    if found := _BEFORE.fullmatch(name):
        yield f"mail/{found[1]}.j2"
    elif found := _NOW.fullmatch(name):
        yield f"mail/{'en/_' if found[1] else ''}{found[2]}.{kind}.j2"
