"""People, devices and locations of customers in CSV files beside the YAML: `rules/customers/people.csv`, `acme.devices.csv`.

A row becomes the node that the same entry would be in YAML, with the place of each cell, so the same shapes read it and a mistake is told
at file:line:column.  RFC 4180, with a comma, a semicolon or a tab between the cells, whichever the first line has most of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mailbridge.config.nodes import Mapping as Table
from mailbridge.config.nodes import Node, Place, Scalar
from mailbridge.config.nodes import Sequence as List
from mailbridge.config.reading import Reading, Use
from mailbridge.config.schema import Record
from mailbridge.config.suggest import listed, nearest

PATH = re.compile(r"rules/(?:customers/)?(?:(?P<customer>[^/]+?)[./_-])?(?P<kind>people|devices|equipment|locations)\.csv")
CUSTOMER = "customer"
NAME = "name"  # the column of locations.csv that is the key in YAML
LISTS = {"phones": re.compile(r"[|;,]"), "skills": re.compile(r"[|;,]")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row: an entry of `key` (people, equipment, locations) of a customer.  `name` is that of a location."""

    customer: Scalar
    key: str
    node: Table
    name: Scalar | None = None


def is_csv(path: str) -> bool:
    """Whether the path is that of a file with people, devices or locations."""
    return PATH.fullmatch(path) is not None


def entries(path: str, text: str, shapes: dict[str, Record], reading: Reading) -> Iterator[Entry]:
    """The rows of the file; every mistake of the form is noted.  `shapes`: what a row of people, equipment and locations holds."""
    found = PATH.fullmatch(path)
    if found is None:
        return
    key = "equipment" if found["kind"] == "devices" else found["kind"]
    rows = list(_rows(path, text, reading))
    if not rows:
        reading.mistake(_place(path, 1, 1, 1), "this file is empty", "the first line names the columns")
        return
    header = _header(rows[0], key, found["customer"], shapes[key], reading)
    if header is None:
        reading.unknowable |= {"equipment", "location"}
        return
    whose = Scalar(place=_place(path, 1, 1, 1), text=found["customer"], value=found["customer"]) if found["customer"] else None
    for row in rows[1:]:
        entry = _entry(row, header, key, whose, reading)
        if entry is not None:
            yield entry


def _header(row: Sequence[Scalar], key: str, customer: str | None, shape: Record, reading: Reading) -> tuple[str, ...] | None:
    """The names of the columns; None where some are unknown, named twice or missing."""
    known = [*shape.keys, *([NAME] if key == "locations" else []), *([] if customer else [CUSTOMER])]
    needed = [*([] if customer else [CUSTOMER]), *([NAME] if key == "locations" else [k for k, of in shape.keys.items() if of.required])]
    before = len(reading.problems)
    names: list[str] = []
    for cell in row:
        name = cell.text.strip().lower()
        close = nearest(name, known)
        if name not in known:
            reading.mistake(cell.place, f'unknown column "{cell.text}"', f'did you mean "{close}"?' if close else listed(known, "column"))
        elif name in names:
            reading.mistake(cell.place, f'a second column "{name}"')
        names.append(name)
    missing = [name for name in needed if name not in names and name not in {nearest(each, known) for each in names}]
    if missing:
        what = ", ".join(f'"{name}"' for name in missing)
        reading.mistake(row[0].place, f"the column {what} is missing", f"columns: {', '.join(known)}")
    return tuple(names) if len(reading.problems) == before else None


def _entry(row: Sequence[Scalar], header: Sequence[str], key: str, whose: Scalar | None, reading: Reading) -> Entry | None:
    place = row[0].place
    if not any(cell.text.strip() for cell in row):
        reading.mistake(place, "an empty row", "take the line out")
        return None
    if len(row) != len(header):
        reading.mistake(place, f"{len(row)} cells in a file of {len(header)} columns", "a cell with a comma in it stands in double quotes")
        return None
    cells = {name: cell for name, cell in zip(header, row, strict=True) if cell.text.strip()}
    customer = whose or cells.get(CUSTOMER)
    missing = [name for name in ([CUSTOMER] if customer is None else []) + ([NAME] if key == "locations" else []) if name not in cells]
    if missing or customer is None:
        reading.mistake(place, f'the cell of "{missing[0]}" is empty')
        return None
    reading.uses.append(Use(kind=CUSTOMER, name=customer.text, place=customer.place))
    name = cells.pop(NAME) if key == "locations" else None
    cells.pop(CUSTOMER, None)
    node = Table(place=place, entries=tuple((_key(column, cell), _value(column, cell)) for column, cell in cells.items()))
    return Entry(customer=customer, key=key, node=node, name=name)


def _key(column: str, cell: Scalar) -> Scalar:
    return Scalar(place=cell.place, text=column, value=column)


def _value(column: str, cell: Scalar) -> Node:
    """The cell; one with several values as a list."""
    separator = LISTS.get(column)
    if separator is None:
        return cell
    parts = [part.strip() for part in separator.split(cell.text) if part.strip()]
    return List(place=cell.place, items=tuple(Scalar(place=cell.place, text=part, value=part) for part in parts))


@dataclass(slots=True)
class _Cell:
    """A cell that is being read."""

    line: int
    column: int
    text: list[str] = field(default_factory=list)
    quoted: bool = False
    end: int = 0


def _rows(path: str, text: str, reading: Reading) -> Iterator[list[Scalar]]:
    """The rows as cells with their places; an empty line is a row with one empty cell."""
    lines = text.removesuffix("\n").split("\n") if text.strip() else []
    separator = max(",;\t", key=lines[0].count) if lines else ","
    number = 0
    while number < len(lines):
        first, row = number, list[Scalar]()
        line, position = lines[number].rstrip("\r"), 0
        while position <= len(line):
            cell = _Cell(line=number + 1, column=position + 1)
            if line[position : position + 1] == '"':
                number, line, position = _quoted(cell, lines, number, position + 1)
                if number >= len(lines):
                    hint = "a quote inside a cell is written twice"
                    reading.mistake(_place(path, cell.line, cell.column, 1), "this quote is never closed", hint)
                    return
            stop = line.find(separator, position)
            stop = len(line) if stop < 0 else stop
            cell.text.append(line[position:stop])
            row.append(_scalar(path, cell, len(lines[cell.line - 1].rstrip("\r")) if number + 1 != cell.line else stop))
            position = stop + 1
        yield row
        number = max(number, first) + 1


def _quoted(cell: _Cell, lines: Sequence[str], number: int, position: int) -> tuple[int, str, int]:
    """Reads to the quote that ends the cell.  The number of its line, that line, and the position after the quote; a number past the last
    line: it never ends."""
    cell.quoted = True
    while number < len(lines):
        line = lines[number].rstrip("\r")
        stop = line.find('"', position)
        if stop < 0:
            cell.text.append(line[position:] + "\n")
            number, position = number + 1, 0
        elif line[stop + 1 : stop + 2] == '"':
            cell.text.append(line[position : stop + 1])
            position = stop + 2
        else:
            cell.text.append(line[position:stop])
            return number, line, stop + 1
    return number, "", 0


def _scalar(path: str, cell: _Cell, stop: int) -> Scalar:
    text = "".join(cell.text).strip()
    return Scalar(place=_place(path, cell.line, cell.column, max(1, stop + 1 - cell.column)), text=text, value=text)


def _place(path: str, line: int, column: int, length: int) -> Place:
    return Place(file=path, line=line, column=column, length=length)
