"""Printing for people and for machines.  What strangers wrote reaches the terminal with its control characters made visible."""

from __future__ import annotations

import json
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import click


def safe(text: str) -> str:
    """One line in which nothing can move the cursor, ring, recolour or reorder: such characters appear as \\x1b or \\u202e."""
    return "".join(_visible(char) for char in text)


def safe_lines(text: str) -> str:
    """The same with line ends and tabs kept."""
    return "".join(char if char in "\n\t" else _visible(char) for char in text.replace("\r\n", "\n"))


def _visible(char: str) -> str:
    # Cc: C0 and C1 controls.  Cf: bidi overrides and other invisible characters.  Cs: lone surrogates, which no terminal can print.
    if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return char
    return f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}"


def print_json(value: object) -> None:
    """One JSON document on standard output; ASCII, so that it survives every terminal and every pipe."""
    click.echo(json.dumps(value, indent=2 if sys.stdout.isatty() else None, default=_plain))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def when(moment: datetime | None) -> str:
    """`2026-11-21 14:02Z`: UTC, to the minute."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ") if moment else ""


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Aligned columns; the last one is cut at the terminal's edge.  `empty` is said when there is nothing."""
    cells = [[safe(str(cell)) for cell in row] for row in rows]
    if not cells:
        click.echo(empty)
        return
    widths = [max(width(row[column]) for row in [headers, *cells]) for column in range(len(headers))]
    limit = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for row in [list(headers), *cells]:
        line = "  ".join(padded(cell, size) for cell, size in zip(row, widths, strict=True)).rstrip()
        click.echo(cut(line, limit) if limit else line)


def width(text: str) -> int:
    """Columns on a terminal: wide East Asian characters take two, combining marks none."""
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def padded(text: str, size: int) -> str:
    return text + " " * max(0, size - width(text))


def cut(text: str, limit: int) -> str:
    """At most `limit` columns, the last of them an ellipsis where something was left out."""
    if width(text) <= limit:
        return text
    kept = ""
    for char in text:
        if width(kept + char) > limit - 1:
            break
        kept += char
    return kept + "…"
