"""What a search asks for, and the text that it shows: over the words of `message.search_words`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mailbridge.message.search_words import MOST_CHARACTERS, RUN, Row, words

MOST_ITEMS = 20  # of one query
_EXCERPT = 160
_BEFORE = 50
_ITEM = re.compile(r"\S+")


def asked(question: str) -> list[Row]:
    """The word sequences of a query: one for each item between blanks; `10.0.0.7` is 10 0 0 7.  The last word may be a prefix.

    A query of punctuation only is an empty list.
    """
    rows = [_row(item[0]) for item, _ in zip(_ITEM.finditer(question[:MOST_CHARACTERS]), range(MOST_ITEMS), strict=False)]
    return [row for row in rows if row]


def excerpt(text: str, rows: Sequence[Row]) -> str:
    """About 160 characters of the text in one line, from shortly before the first match, or from the beginning."""
    text = text[:MOST_CHARACTERS]
    start = max(0, _first(text, rows) - _BEFORE)
    start = text.find(" ", start, start + _BEFORE) + 1 or start if start else 0
    line = " ".join(text[start : start + _EXCERPT].split())
    return f"{'…' if start else ''}{line}{'…' if start + _EXCERPT < len(text) else ''}"


def _first(text: str, rows: Sequence[Row]) -> int:
    start = 0
    for line in text.splitlines(keepends=True):
        found = words(line)
        # Most lines hold nothing of it, and are seen at once.
        if any(_stands(row, found, place) for row in rows for place in range(len(found))):
            place = _first_in(line, rows)
            if place is not None:
                return start + place
        start += len(line)
    return 0


def _first_in(line: str, rows: Sequence[Row]) -> int | None:
    for item in _ITEM.finditer(line):
        found = words(item[0])
        for place in range(len(found)):
            if any(_stands(row, found, place) for row in rows):
                # Pairs begin one at each character, so that in a text without blanks the place is about right; elsewhere it is small.
                return item.start() + place
    return None


def _stands(row: Row, found: Row, place: int) -> bool:
    end = place + len(row) - 1
    return end < len(found) and found[place:end] == row[:-1] and found[end].startswith(row[-1])


def _row(item: str) -> Row:
    row = words(item)
    last = RUN.fullmatch(row[-1]) if row else None
    # The lone last character of 打印机 begins a pair wherever the text goes on: it would find less than the pairs alone.
    lone = len(row) > 1 and last and last["unparted"] and row[-2].endswith(row[-1]) and len(row[-2]) > len(row[-1])
    return row[:-1] if lone else row
