"""Printing of text, tables and JSON.  Control characters in text from mails are escaped before it reaches the terminal."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

import click

from mailbridge.cli.terminal import columns


def safe(text: str) -> str:
    """The text as one line.  Control and format characters, which could move the cursor or reorder text, become \\x1b or \\u202e."""
    return "".join(_visible(char) for char in text)


def safe_lines(text: str) -> str:
    """The text with such characters escaped, but line ends and tabs kept."""
    return "".join(char if char in "\n\t" else _visible(char) for char in text.replace("\r\n", "\n"))


def _visible(char: str) -> str:
    # Cc: C0 and C1 controls.  Cf: bidi overrides and other invisible characters.  Cs: lone surrogates, which no terminal can print.
    if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return char
    return f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}"


def print_json(value: object) -> None:
    """Prints one JSON document on standard output, in ASCII, which every encoding can represent."""
    click.echo(json.dumps(value, indent=2 if sys.stdout.isatty() else None, default=_plain))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def with_weekday(at: datetime, zone: str) -> str:
    """The moment by the clock of the zone, with its weekday: `Fri 2026-11-20 17:40`."""
    from mailbridge.sla.zones import wall

    return f"{wall(at, zone):%a %Y-%m-%d %H:%M}"


def when(moment: datetime | None) -> str:
    """`2026-11-21 14:02Z`: UTC, to the minute."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%MZ") if moment else ""


_MOMENT = re.compile(r"-?|\d{4}-\d\d-\d\d(?: \d\d:\d\dZ)?")
SHORT, SHORTEST = 20, 6  # least width of a narrowed column, before and after less important columns are left out


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str, least: Sequence[str] = ()) -> None:
    """Prints a table that fits the terminal, at full width into a file or a pipe.  `empty` is printed where there are no rows.

    On a narrow terminal the widest columns are narrowed first, then those in `least` are left out in this order.  A column of times is
    never narrowed.
    """
    cells = [[safe(str(cell)) for cell in row] for row in rows]
    if not cells:
        click.echo(empty)
        return
    widths = {name: max(width(row[place]) for row in [headers, *cells]) for place, name in enumerate(headers)}
    moments = {name for place, name in enumerate(headers) if all(_MOMENT.fullmatch(row[place]) for row in cells)}
    shown = fitted(widths, columns(), least, moments)
    for number, row in enumerate([list(headers), *cells]):
        picked = [(cut(cell, shown[name]), shown[name]) for name, cell in zip(headers, row, strict=True) if name in shown]
        line = "  ".join(padded(cell, size) for cell, size in picked).rstrip()
        click.echo(click.style(line, bold=True) if number == 0 else line)


def fitted(widths: Mapping[str, int], limit: int | None, least: Sequence[str], whole: Collection[str] = ()) -> dict[str, int]:
    """Column -> width in terminal columns, within `limit` as far as the least width SHORTEST allows.  None: no limit.

    `least`: columns to leave out, in this order.  `whole`: columns that are never narrowed.
    """
    if limit is None:
        return dict(widths)
    kept = list(widths)
    for name in least:
        if _taken(_narrowed(widths, kept, limit, SHORT, whole)) > limit:
            kept.remove(name)
    return _narrowed(widths, kept, limit, SHORTEST, whole)


def _narrowed(widths: Mapping[str, int], kept: Sequence[str], limit: int, floor: int, whole: Collection[str]) -> dict[str, int]:
    """The widths of the columns in `kept`.  The widest is narrowed until all fit, or each has the width `floor`."""
    found = {name: widths[name] for name in kept}
    while _taken(found) > limit:
        wide = [name for name in found if name not in whole and found[name] > floor]
        if not wide:
            break
        found[max(wide, key=lambda name: found[name])] -= 1
    return found


def _taken(widths: Mapping[str, int]) -> int:
    return sum(widths.values()) + 2 * (len(widths) - 1)


def width(text: str) -> int:
    """The width in terminal columns: two for a wide East Asian character (UAX #11), none for a combining mark."""
    return sum(0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def padded(text: str, size: int) -> str:
    return text + " " * max(0, size - width(text))


def cut(text: str, limit: int) -> str:
    """The text cut to at most `limit` terminal columns.  An ellipsis is the last one where it was cut."""
    if width(text) <= limit:
        return text
    kept = ""
    for char in text:
        if width(kept + char) > limit - 1:
            break
        kept += char
    return kept + "…"
