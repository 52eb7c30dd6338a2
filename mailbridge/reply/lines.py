"""A body as lines, with their offsets, quote depth and HTML hint."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

MOST_LINES = 20_000  # limit of examined lines; the last one includes all following text
_QUOTE_CHARACTERS = "> \t\u00a0"


class Hint(StrEnum):
    """What the structure of an HTML body says about a line.  NONE for plain text."""

    NONE = ""
    INTRODUCTION = "introduction"  # the line introduces a quote
    BELOW = "below"  # this line and all below it are quoted
    SIGNATURE = "signature"
    FORWARD = "forward"  # this line and all below it are a forwarded mail


class TextLine(NamedTuple):
    """`text[start:end]` is the line with its line end.  `bare` is its text without quote marks and outer white space."""

    start: int
    end: int
    bare: str
    depth: int
    hint: Hint = Hint.NONE
    reason: str = ""

    @property
    def blank(self) -> bool:
        return not self.bare and not self.depth


def lines_of(text: str) -> list[TextLine]:
    """The lines of a plain body; they cover it without gaps."""
    lines: list[TextLine] = []
    start = 0
    for content in text.split("\n", MOST_LINES)[:MOST_LINES]:
        end = start + len(content) + 1
        bare, depth = unmarked(content.strip())
        lines.append(TextLine(start, end, bare, depth))
        start = end
    lines[-1] = lines[-1]._replace(end=len(text))
    return lines


def unmarked(bare: str) -> tuple[str, int]:
    """(the line without its quote marks, the number of marks)"""
    if bare[:1] != ">":
        return bare, 0
    unquoted = bare.lstrip(_QUOTE_CHARACTERS)
    return unquoted, bare.count(">", 0, len(bare) - len(unquoted))


def next_line(lines: list[TextLine], place: int) -> int:
    """The index of the first line from `place` on that is not blank; len(lines) where there is none."""
    while place < len(lines) and lines[place].blank:
        place += 1
    return place


def next_written(lines: list[TextLine], place: int) -> int:
    """The index of the first line from `place` on with text, quoted or not; len(lines) where there is none."""
    while place < len(lines) and not lines[place].bare:
        place += 1
    return place


def previous_line(lines: list[TextLine], place: int) -> int:
    """The index of the last line up to `place` that is not blank; -1 where there is none."""
    while place >= 0 and lines[place].blank:
        place -= 1
    return place
