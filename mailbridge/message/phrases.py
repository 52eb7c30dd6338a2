"""Patterns made from tables of phrases: a table of plain words is easier to read and to extend than a pattern.

In a phrase a blank or hyphen matches a blank, a hyphen or nothing, so 'auto reply' also matches 'auto-reply' and 'autoreply'. '...' matches
up to 80 characters of the same line.  Every repetition is bounded, so matching is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

GAP = "..."
BLANK = r"[ \t\u00a0\-]{0,3}"


def alternatives(phrases: Iterable[str]) -> str:
    """A pattern for any of `phrases`, longest first, so that a shorter phrase does not match in place of a longer one."""
    return "(?:" + "|".join(map(pattern_of, sorted(phrases, key=len, reverse=True))) + ")"


class PhraseSet:
    """Phrases that are searched as whole words, case-insensitively."""

    def __init__(self, *tables: Iterable[str]) -> None:
        # Lower case on both sides is ten times faster than a case-insensitive pattern.
        self._pattern = re.compile(rf"(?<!\w){alternatives(phrase.lower() for table in tables for phrase in table)}")

    def place_in(self, text: str) -> int:
        """The position of the first phrase in `text`, -1 where there is none."""
        found = self._pattern.search(text.lower())
        return found.start() if found else -1

    def are_in(self, text: str) -> bool:
        return self.place_in(text) >= 0

    def begin(self, text: str) -> bool:
        """Whether `text` begins with one of them."""
        return self._pattern.match(text.lower()) is not None


def whole(phrases: Iterable[str]) -> re.Pattern[str]:
    """A pattern that matches a title equal to one of `phrases`; a phrase that ends in '...' may continue."""
    return re.compile(rf"\s*{alternatives(phrases)}\s*", re.I | re.S)


def pattern_of(phrase: str) -> str:
    """The pattern for one phrase."""
    pieces = [literal(piece) for piece in phrase.removesuffix(GAP).split(GAP)]
    return r"[^\n]{0,80}?".join(pieces) + (".*" if phrase.endswith(GAP) else "")


def literal(piece: str) -> str:
    """A pattern for words with any blanks between them.  Outer blanks of `piece` are ignored."""
    return BLANK.join(re.escape(word) for word in re.split(r"[ \-]+", piece.strip()))
