"""Phrases kept as data, made into patterns: a table of plain words is easier to read and to extend than a pattern.

In a phrase a blank or hyphen stands for a blank, a hyphen or nothing, so 'auto reply' is also 'auto-reply' and 'autoreply';
'...' stands for up to 80 characters of the same line.  Nothing repeats without a bound, so matching is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

GAP = "..."
BLANK = r"[ \t\u00a0\-]{0,3}"


def alternatives(phrases: Iterable[str]) -> str:
    """A pattern for any of `phrases`, longest first, so that a phrase is not cut short by one it begins with."""
    return "(?:" + "|".join(map(pattern_of, sorted(phrases, key=len, reverse=True))) + ")"


class PhraseSet:
    """Phrases to be found as whole words, lower or upper case alike."""

    def __init__(self, *tables: Iterable[str]) -> None:
        # Lower case on both sides is ten times faster than a pattern that ignores case.
        self._pattern = re.compile(rf"(?<!\w){alternatives(phrase.lower() for table in tables for phrase in table)}")

    def place_in(self, text: str) -> int:
        """Where the first of them begins in `text`, -1 where there is none."""
        found = self._pattern.search(text.lower())
        return found.start() if found else -1

    def are_in(self, text: str) -> bool:
        return self.place_in(text) >= 0

    def begin(self, text: str) -> bool:
        """Whether `text` begins with one of them."""
        return self._pattern.match(text.lower()) is not None


def whole(phrases: Iterable[str]) -> re.Pattern[str]:
    """Matches a title that is one of `phrases` and nothing else; a phrase that ends in '...' may go on."""
    return re.compile(rf"\s*{alternatives(phrases)}\s*", re.I | re.S)


def pattern_of(phrase: str) -> str:
    """The pattern for one phrase."""
    pieces = [literal(piece) for piece in phrase.removesuffix(GAP).split(GAP)]
    return r"[^\n]{0,80}?".join(pieces) + (".*" if phrase.endswith(GAP) else "")


def literal(piece: str) -> str:
    """Words with any blanks between them; a blank at either end is only there to be read."""
    return BLANK.join(re.escape(word) for word in re.split(r"[ \-]+", piece.strip()))
