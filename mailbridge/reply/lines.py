"""A body as lines that know where they stand, how deep they are quoted and what the HTML said of them."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

MOST_LINES = 20_000  # so many are looked at; the last one stands for all that follow
_QUOTE_CHARACTERS = "> \t\u00a0"


class Hint(StrEnum):
    """What the structure of an HTML body says of a line; NONE for plain text."""

    NONE = ""
    INTRODUCTION = "introduction"  # the line that introduces a quote
    BELOW = "below"  # from here down all is quoted
    SIGNATURE = "signature"
    FORWARD = "forward"  # from here down is a forwarded mail


class TextLine(NamedTuple):
    """`text[start:end]` is the line with its line end; `bare` is what it says, without quote marks and outer white space."""

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
    """The lines of a plain body; they tile it."""
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
    """(the line without its quote marks, how many there were)"""
    if bare[:1] != ">":
        return bare, 0
    unquoted = bare.lstrip(_QUOTE_CHARACTERS)
    return unquoted, bare.count(">", 0, len(bare) - len(unquoted))


def next_line(lines: list[TextLine], place: int) -> int:
    """The place of the first line from `place` on that is not blank; len(lines) where there is none."""
    while place < len(lines) and lines[place].blank:
        place += 1
    return place


def next_written(lines: list[TextLine], place: int) -> int:
    """The place of the first line from `place` on that says something, quoted or not; len(lines) where there is none."""
    while place < len(lines) and not lines[place].bare:
        place += 1
    return place


def previous_line(lines: list[TextLine], place: int) -> int:
    """The place of the last line up to `place` that is not blank; -1 where there is none."""
    while place >= 0 and lines[place].blank:
        place -= 1
    return place
