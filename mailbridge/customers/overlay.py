"""Customers of the files with the overlay over them.  Pure.

The files win for every key that they name.  An entry of the overlay adds a person, location or device that no file names, and the keys
that a file leaves open.  What the files overrule stays in the overlay and is told by `conflicts`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from mailbridge.config import quantities
from mailbridge.customers.change import EntryChanged, phones
from mailbridge.customers.entry import EntryId, EntryPart, OverlayEntry, Values, mark_key
from mailbridge.customers.model import Customer, Customers, Equipment, Location, Person, customers
from mailbridge.customers.terms import terms_of

_V = TypeVar("_V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """What of the overlay does not count, and `file:line` of what counts instead ('' where nothing does).  `key` '': the whole entry."""

    entry: OverlayEntry
    key: str
    why: str
    place: str = ""


def merged(files: Customers, overlay: Iterable[OverlayEntry]) -> Customers:
    """The customers that the desk works with."""
    entries = {entry.id: entry for entry in overlay}
    by_customer: dict[str, list[OverlayEntry]] = {}
    for entry in entries.values():
        by_customer.setdefault(entry.id.customer, []).append(entry)
    effective = (_counting(files, mine) for mine in by_customer.values())
    changed = {mine[0].id.customer: mine for mine in effective if mine}
    if not changed:
        return replace(files, overlay=entries, files=files)
    every = tuple(_with(one, changed.get(name, ()), files) for name, one in files.by_name.items())
    return replace(customers(every, files.named, files.asking), overlay=entries, files=files)


def after(known: Customers, done: EntryChanged, origin: str = "") -> Customers:
    """The customers after the change."""
    overlay = {id: entry for id, entry in known.overlay.items() if id != done.id}
    if done.after is not None:
        overlay[done.id] = OverlayEntry(id=done.id, name=done.name, values=done.after, origin=origin)
    return updated(known, overlay, {done.id.customer})


def updated(known: Customers, overlay: Mapping[EntryId, OverlayEntry], names: Collection[str]) -> Customers:
    """As `merged`, where only the entries of these customers differ from those in `known`: the rest of the indexes is kept."""
    files = known.files or known
    by_name, by_address, by_mark = dict(known.by_name), dict(known.by_address), dict(known.by_mark)
    beginnings = known.beginnings
    for name in names:
        if name not in by_name:
            continue
        old = by_name[name]
        new = _with(files.by_name[name], _counting(files, (entry for entry in overlay.values() if entry.id.customer == name)), files)
        part = customers((new,))
        _replace(by_address, {person.address.lower(): old.name for person in old.people}, part.by_address, files.by_address)
        of_old = {mark_key(mark): (name, device) for device in old.equipment for mark in device.marks}
        _replace(by_mark, of_old, part.by_mark, files.by_mark)
        by_name[name], beginnings = new, beginnings | part.beginnings  # a beginning too many finds nothing
    return replace(
        known,
        by_name=by_name,
        by_address=by_address,
        by_mark=by_mark,
        beginnings=beginnings,
        overlay=overlay,
        files=files,
    )


def _replace(index: dict[str, _V], old: Mapping[str, _V], new: Mapping[str, _V], files: Mapping[str, _V]) -> None:
    """The index with the customer's new keys for the old ones; a key that the customer gives up is that of the files again."""
    for key, value in old.items():
        if key not in new and index.get(key) == value:
            del index[key]
            if key in files and files[key] != value:
                index[key] = files[key]
    index.update(new)


def counting(files: Customers, overlay: Iterable[OverlayEntry]) -> tuple[OverlayEntry, ...]:
    """The entries that count, each without the keys that a file names and without a location that is gone."""
    every = tuple(_counting(files, overlay))
    places = {(entry.id.customer, entry.name) for entry in every if entry.id.part is EntryPart.LOCATION}

    def stands(entry: OverlayEntry, key: str, value: str) -> bool:
        return (entry.id.part, key) != (EntryPart.DEVICE, "location") or _is_place(files, places, entry.id.customer, value)

    return tuple(replace(one, values=tuple((key, value) for key, value in one.values if stands(one, key, value))) for one in every)


def conflicts(files: Customers, overlay: Iterable[OverlayEntry]) -> Iterator[Conflict]:
    """What the files overrule, or what has lost its customer or its location."""
    every = tuple(overlay)
    places = {(entry.id.customer, entry.name) for entry in every if entry.id.part is EntryPart.LOCATION}
    for entry in sorted(every, key=lambda entry: entry.id):
        reason = _barred(files, entry)
        if reason is not None:
            yield reason
            continue
        named = files.named.get(entry.id, {})
        for key, value in entry.values:
            if key in named:
                yield Conflict(entry=entry, key=key, why="a file names it", place=named[key])
            elif (entry.id.part, key) == (EntryPart.DEVICE, "location") and not _is_place(files, places, entry.id.customer, value):
                yield Conflict(entry=entry, key=key, why="the customer has no such location")


def _is_place(files: Customers, places: set[tuple[str, str]], customer: str, name: str) -> bool:
    return name in files.by_name[customer].locations or (customer, name) in places


def _barred(files: Customers, entry: OverlayEntry) -> Conflict | None:
    """Why the whole entry does not count; None where it does."""
    if entry.id.customer not in files.by_name:
        return Conflict(entry=entry, key="", why="no file names the customer")
    owner = _owner(files, entry.id)
    if owner not in ("", entry.id.customer):
        place = next((named[""] for id, named in files.named.items() if id == replace(entry.id, customer=owner)), "")
        return Conflict(entry=entry, key="", why=f'it belongs to "{owner}"', place=place)
    return None


def _owner(files: Customers, id: EntryId) -> str:
    """The customer to whom the files give the address or serial number; '' for none."""
    if id.part is EntryPart.PERSON:
        return files.by_address.get(id.key, "")
    if id.part is EntryPart.DEVICE:
        return files.by_mark[id.key][0] if id.key in files.by_mark else ""
    return ""


def _counting(files: Customers, entries: Iterable[OverlayEntry]) -> list[OverlayEntry]:
    """The entries that count, each without the keys that a file names."""
    found = []
    for entry in entries:
        if _barred(files, entry) is None:
            named = files.named.get(entry.id, {})
            found.append(replace(entry, values=tuple((key, value) for key, value in entry.values if key not in named)))
    return found


def _with(customer: Customer, entries: Iterable[OverlayEntry], files: Customers) -> Customer:
    """The customer with these entries over it."""
    of: dict[EntryPart, dict[str, OverlayEntry]] = {part: {} for part in EntryPart}
    for entry in entries:
        of[entry.id.part][entry.id.key] = entry
    own = dict(of[EntryPart.CUSTOMER][""].values) if of[EntryPart.CUSTOMER] else {}
    language = own.get("language", customer.language)
    locations = _locations(customer, of[EntryPart.LOCATION])
    return replace(
        customer,
        title=own.get("title", customer.title),
        tier=own.get("tier", customer.tier),
        region=own.get("region", customer.region),
        language=language,
        terms=terms_of(own["terms"]) if own.get("terms") else customer.terms,
        people=_people(customer, of[EntryPart.PERSON], language, files),
        locations=locations,
        equipment=_equipment(customer, of[EntryPart.DEVICE], locations),
    )


def _people(customer: Customer, new: Mapping[str, OverlayEntry], language: str, files: Customers) -> tuple[Person, ...]:
    def own(person: Person) -> Person:
        id = EntryId(customer=customer.name, part=EntryPart.PERSON, key=person.address.lower())
        usual = person.language if "language" in files.named.get(id, {}) else language
        return _person(replace(person, language=usual), new[id.key].values) if id.key in new else replace(person, language=usual)

    known = {person.address.lower() for person in customer.people}
    added = (_person(Person(address=e.name, language=language), e.values) for key, e in new.items() if key not in known)
    people = map(own, customer.people) if new or language != customer.language else customer.people
    return (*people, *added)


def _person(person: Person, values: Values) -> Person:
    said = dict(values)
    return replace(
        person,
        name=said.get("name", person.name),
        role=said.get("role", person.role),
        language=said.get("language", person.language),
        phones=phones(said["phones"]) if said.get("phones") else person.phones,
    )


def _locations(customer: Customer, new: Mapping[str, OverlayEntry]) -> Mapping[str, Location]:
    if not new:
        return customer.locations
    added = {key: Location(name=key, title=key) for key in new if key not in customer.locations}
    every = {**customer.locations, **added}
    return {name: _location(place, new[name].values) if name in new else place for name, place in every.items()}


def _location(place: Location, values: Values) -> Location:
    said = dict(values)
    return replace(
        place,
        title=said.get("title", place.title),
        region=said.get("region", place.region),
        zone=said.get("zone", place.zone),
        calendar=said.get("calendar", place.calendar),
        km=quantities.kilometres(said["km"]) if said.get("km") else place.km,
    )


def _equipment(customer: Customer, new: Mapping[str, OverlayEntry], locations: Mapping[str, Location]) -> tuple[Equipment, ...]:
    if not new:
        return customer.equipment
    known = {mark_key(device.serial) for device in customer.equipment}
    own = (_device(one, new.get(mark_key(one.serial)), locations) for one in customer.equipment)
    added = (_device(Equipment(serial=entry.name), entry, locations) for key, entry in new.items() if key not in known)
    return (*own, *added)


def _device(device: Equipment, entry: OverlayEntry | None, locations: Mapping[str, Location]) -> Equipment:
    said = dict(entry.values) if entry else {}
    place = said.get("location", "")
    return replace(
        device,
        tag=said.get("tag", device.tag),
        type=said.get("type", device.type),
        model=said.get("model", device.model),
        location=place if place in locations else device.location,
    )
