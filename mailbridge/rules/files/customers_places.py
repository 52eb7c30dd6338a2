"""Which keys of customers the files name, each with its place; and the document with the overlay in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from mailbridge.config.nodes import Mapping as Table
from mailbridge.config.nodes import Node, Place, Scalar, Sequence
from mailbridge.customers.change import phones
from mailbridge.customers.entry import IDENTITY, KEYS, LISTS, EntryId, EntryPart, Named, OverlayEntry, entry_key
from mailbridge.customers.terms import terms_of

PARTS = {key: part for part, key in LISTS.items() if key}


def named(document: Node | None) -> Named:
    """What the checked document of all files says about each customer, person, location and device."""
    every = document.get("customers") if isinstance(document, Table) else None
    entries = every.entries if isinstance(every, Table) else ()
    return {id: keys for customer, about in entries for id, keys in _of_customer(customer, about)}


def _of_customer(customer: Scalar, about: Node) -> Iterator[tuple[EntryId, Mapping[str, str]]]:
    own = EntryPart.CUSTOMER
    yield EntryId(customer=customer.text, part=own), _keys(customer.place, about, KEYS[own])
    for key, value in about.entries if isinstance(about, Table) else ():
        if (part := PARTS.get(key.text)) is None:
            continue
        for name, node in _items(part, value):
            yield EntryId(customer=customer.text, part=part, key=entry_key(part, name.text)), _keys(name.place, node, KEYS[part])


def _items(part: EntryPart, value: Node) -> Iterator[tuple[Scalar, Node]]:
    """The entries of a list or table, each with the value that names it."""
    match value:
        case Table(entries=entries):
            yield from entries
        case Sequence(items=items):
            for item in items:
                name = item.get(IDENTITY[part]) if isinstance(item, Table) else None
                if isinstance(name, Scalar):
                    yield name, item


def _keys(place: Place, node: Node, keys: Iterable[str]) -> Mapping[str, str]:
    said = {key.text: _at(key.place) for key, _ in node.entries if key.text in keys} if isinstance(node, Table) else {}
    return {"": _at(place), **said}


def _at(place: Place) -> str:
    return f"{place.file}:{place.line}"


def with_overlay(document: Node, overlay: Iterable[OverlayEntry]) -> Node:
    """The document with these entries, none of which the files overrule."""
    every = document.get("customers") if isinstance(document, Table) else None
    if not isinstance(document, Table) or not isinstance(every, Table):
        return document
    by_customer: dict[str, list[OverlayEntry]] = {}
    for entry in overlay:
        by_customer.setdefault(entry.id.customer, []).append(entry)
    customers = tuple((name, _amended(about, by_customer.get(name.text, ()))) for name, about in every.entries)
    return _set(document, "customers", Table(place=every.place, entries=customers))


def _amended(about: Node, entries: Iterable[OverlayEntry]) -> Node:
    done = about if isinstance(about, Table) else Table(place=about.place, entries=())
    entries = list(entries)
    for entry in entries:
        done = _own(done, entry) if entry.id.part is EntryPart.CUSTOMER else _set(done, LISTS[entry.id.part], _listed(done, entry))
    return done if entries else about


def _own(about: Table, entry: OverlayEntry) -> Table:
    for key, value in entry.values:
        about = _set(about, key, _value(about.place, key, value))
    return about


def _listed(about: Table, entry: OverlayEntry) -> Node:
    """The list or table of the entry's part, with the entry in it."""
    part, there = entry.id.part, about.get(LISTS[entry.id.part])
    if part is EntryPart.LOCATION:
        table = there if isinstance(there, Table) else Table(place=about.place, entries=())
        old = table.get(entry.name)
        return _set(table, entry.name, _own(old if isinstance(old, Table) else Table(place=about.place, entries=()), entry))
    items = there.items if isinstance(there, Sequence) else ()
    names = [name.text for name, _ in _items(part, there)] if there is not None else []
    known = [entry_key(part, name) for name in names]
    if entry.id.key in known:
        at = known.index(entry.id.key)
        old = items[at]
        return Sequence(place=about.place, items=(*items[:at], _own(old, entry) if isinstance(old, Table) else old, *items[at + 1 :]))
    new = _set(Table(place=about.place, entries=()), IDENTITY[part], _scalar(about.place, entry.name))
    return Sequence(place=about.place, items=(*items, _own(new, entry)))


def _set(table: Table, key: str, value: Node) -> Table:
    """The table with this value under the key, at its place or at the end."""
    if table.get(key) is None:
        return Table(place=table.place, entries=(*table.entries, (_scalar(table.place, key), value)))
    return Table(place=table.place, entries=tuple((name, value if name.text == key else old) for name, old in table.entries))


def _value(place: Place, key: str, value: str) -> Node:
    if key == "phones":
        return Sequence(place=place, items=tuple(_scalar(place, number) for number in phones(value)))
    if key == "terms":
        return Table(place=place, entries=tuple((_scalar(place, word), _scalar(place, said)) for word, said in terms_of(value).items()))
    return _scalar(place, value)


def _scalar(place: Place, text: str) -> Scalar:
    return Scalar(place=place, text=text, value=text, quote='"')
