"""Tables in the plain part of a mail: cells that stand between tabs become columns that fit 72 characters.  Pure.

As text, a table of an HTML mail has two tabs between its cells.  Mail programs set tab stops differently, so the columns do not line up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from textwrap import wrap

WIDTH = 72
BETWEEN = "  "
_NARROWEST = 12  # characters of a column whose cells are wrapped
_MOST_COLUMNS = 8
_MOST_ROWS = 200
_MARGIN = re.compile(r"[> ]*")  # of a quoted or indented line


def with_columns(text: str) -> str:
    """The text with each table of at least three columns and two rows in columns; all other lines as they are."""
    if "\t" not in text:
        return text
    lines: list[str] = []
    for (margin, columns), group in groupby(text.split("\n"), key=_shape):
        rows = list(group)
        if columns < 3 or not 1 < len(rows) <= _MOST_ROWS:
            lines += rows
        else:
            lines += (f"{margin}{line}".rstrip() for line in _table([_cells(row, margin) for row in rows], WIDTH - len(margin)))
    return "\n".join(lines)


def _shape(line: str) -> tuple[str, int]:
    """(margin, number of columns) of the line; 0 where it is no row of a table.  Tabs at its beginning are an indentation."""
    found = _MARGIN.match(line)
    margin = found[0] if found else ""
    cells = _cells(line, margin)
    is_row = len(cells) > 1 and bool(cells[0]) and len(cells) <= _MOST_COLUMNS
    return (margin, len(cells)) if is_row else ("", 0)


def _cells(line: str, margin: str) -> list[str]:
    body = line.removeprefix(margin).rstrip()
    return [cell.strip() for cell in body.split("\t\t" if "\t\t" in body else "\t")]


def _table(rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """The rows in columns, long cells wrapped between words; where the columns would be too narrow for that, a line for each cell."""
    longest = [max(map(len, column)) for column in zip(*rows, strict=True)]
    widths = _fitted(longest, width - len(BETWEEN) * (len(longest) - 1))
    words = [max((len(word) for cell in column for word in cell.split()), default=0) for column in zip(*rows, strict=True)]
    if any(given < max(word, min(wanted, _NARROWEST)) for given, wanted, word in zip(widths, longest, words, strict=True)):
        yield from _records(rows, width)
        return
    for number, row in enumerate(rows):
        if number and widths != longest:
            yield ""  # rows of several lines
        wrapped = [wrap(cell, max(1, given), break_on_hyphens=False) for cell, given in zip(row, widths, strict=True)]
        for line in zip_longest(*wrapped, fillvalue=""):
            yield BETWEEN.join(part.ljust(given) for part, given in zip(line, widths, strict=True)).rstrip()


def _fitted(wanted: Sequence[int], width: int) -> list[int]:
    """The widths of the columns: as wide as their longest cells where that fits, else the widest ones share what the others leave."""
    widths = list(wanted)
    while sum(widths) > width:
        widest = max(widths)
        if widest <= 1:
            break
        others = sum(size for size in widths if size < widest)
        many = widths.count(widest)
        second = max((size for size in widths if size < widest), default=1)
        size = max(second, (width - others) // many, 1)
        if size >= widest:
            size = widest - 1
        widths = [min(size, each) for each in widths]
    return widths


def _records(rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Each row below the first as lines `heading: cell`, with a blank line between rows."""
    headings, *others = rows
    for number, row in enumerate(others):
        if number:
            yield ""
        for heading, cell in zip(headings, row, strict=True):
            if cell:
                line = f"{heading}: {cell}" if heading else cell
                yield from wrap(line, width, subsequent_indent=BETWEEN, break_long_words=False, break_on_hyphens=False)
