"""The customers of all files as the one node that the shape of customers.yaml reads.  Every part keeps its own place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mailbridge.config.nodes import Mapping as Table
from mailbridge.config.nodes import Node, Scalar, Sequence
from mailbridge.config.reading import Reading
from mailbridge.rules.files.customers_csv import Entry

CUSTOMERS, FREEMAIL = "customers", "freemail"


def merged(nodes: Iterable[Node], rows: Iterable[Entry], reading: Reading) -> Node | None:
    """The files' nodes as one, with the rows of CSV files under their customers; a name or key that two files give is a mistake.

    A node that is no mapping is given back alone: the shape says what is wrong with it."""
    nodes = list(nodes)
    for node in nodes:
        if not isinstance(node, Table):
            return node
    top: dict[str, tuple[Scalar, Node]] = {}
    for node in nodes:
        for key, value in node.entries if isinstance(node, Table) else ():
            before = top.get(key.text)
            top[key.text] = (key, value) if before is None else (before[0], _both(before, (key, value), reading))
    if not top:
        return None
    if CUSTOMERS in top:
        key, every = top[CUSTOMERS]
        top[CUSTOMERS] = (key, _with_rows(every, rows, reading))
    first = next(iter(nodes))
    return Table(place=first.place, entries=tuple(top.values()))


def _both(before: tuple[Scalar, Node], after: tuple[Scalar, Node], reading: Reading) -> Node:
    """What two files say under one key."""
    (first, mine), (second, theirs) = before, after
    if first.text == CUSTOMERS and isinstance(mine, Table) and isinstance(theirs, Table):
        return Table(place=mine.place, entries=_united(mine, theirs, "customer", reading))
    if isinstance(mine, Sequence) and isinstance(theirs, Sequence):
        return Sequence(place=mine.place, items=(*mine.items, *theirs.items))
    at = f"{first.place.file}:{first.place.line}"
    reading.mistake(second.place, f'"{second.text}" stands in two files', f"the first one stands in {at}")
    return mine


def _united(mine: Table, theirs: Table, what: str, reading: Reading) -> tuple[tuple[Scalar, Node], ...]:
    known = {key.text: key for key, _ in mine.entries}
    new = []
    for key, value in theirs.entries:
        first = known.setdefault(key.text, key)
        if first is key:
            new.append((key, value))
        else:
            hint = f"the first one stands in {first.place.file}:{first.place.line}"
            reading.mistake(key.place, f'a second {what} named "{key.text}"', hint)
    return (*mine.entries, *new)


def _with_rows(every: Node, rows: Iterable[Entry], reading: Reading) -> Node:
    """The customers with their rows; a row of a customer who is not there has been noted as a use of its name."""
    if not isinstance(every, Table):
        return every
    by_customer: dict[str, list[Entry]] = {}
    for row in rows:
        by_customer.setdefault(row.customer.text, []).append(row)
    if not by_customer:
        return every
    entries = tuple((key, _customer(about, by_customer.get(key.text, ()), reading)) for key, about in every.entries)
    return Table(place=every.place, entries=entries)


def _customer(about: Node, rows: Iterable[Entry], reading: Reading) -> Node:
    rows = list(rows)
    if not isinstance(about, Table) or not rows:
        return about
    own: dict[str, tuple[Scalar, Node]] = {key.text: (key, value) for key, value in about.entries}
    for key in dict.fromkeys(row.key for row in rows):
        added = [row for row in rows if row.key == key]
        own[key] = _added(own, key, added, reading)
    return Table(place=about.place, entries=tuple(own.values()))


def _added(own: Mapping[str, tuple[Scalar, Node]], key: str, rows: list[Entry], reading: Reading) -> tuple[Scalar, Node]:
    """The customer's entries under this key, and the rows after them."""
    place = rows[0].node.place
    named = tuple((row.name, row.node) for row in rows if row.name is not None)
    if key not in own:
        empty: Node = Table(place=place, entries=()) if named else Sequence(place=place, items=())
        own = {key: (Scalar(place=place, text=key, value=key), empty)}
    word, there = own[key]
    if isinstance(there, Table) and named:
        made = there
        for name, node in named:
            made = Table(place=made.place, entries=_united(made, Table(place=node.place, entries=((name, node),)), "location", reading))
        return word, made
    if isinstance(there, Sequence) and not named:
        return word, Sequence(place=there.place, items=(*there.items, *(row.node for row in rows)))
    return word, there
