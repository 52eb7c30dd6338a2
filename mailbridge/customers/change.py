"""Decides a change of the overlay: what becomes of the entry, or why it is refused.  Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mailbridge.config import names, quantities
from mailbridge.config.reading import Wrong
from mailbridge.config.suggest import nearest
from mailbridge.customers.entry import KEYS, EntryId, EntryPart, Values, Verb, entry_key, mark_key
from mailbridge.customers.model import SHORTEST_MARK, Customer, Customers
from mailbridge.customers.terms import terms_of
from mailbridge.sla.zones import zone_of


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryChange:
    """A person, location or device of a customer that is added, changed or removed.  `customer`: name or title, in any case.  A value ''
    takes the key out of the overlay."""

    verb: Verb
    customer: str
    part: EntryPart
    name: str = ""
    values: Values = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryChanged:
    """What becomes of an entry of the overlay.  None: it is not there."""

    id: EntryId
    name: str
    before: Values | None
    after: Values | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotChanged:
    """Why a change is refused: the key of a text in the templates, with the nearest known word and a detail that the text shows."""

    reason: str
    nearest: str = ""
    detail: str = ""


def decide_change(customers: Customers, change: EntryChange, calendars: Collection[str] = ()) -> EntryChanged | NotChanged:
    """What the change does to the overlay.  `calendars`: the names of hours that a location may have."""
    customer = _customer(customers, change.customer)
    if isinstance(customer, NotChanged):
        return customer
    id = EntryId(customer=customer.name, part=change.part, key=entry_key(change.part, change.name))
    refused = _not_possible(customers, customer, id, change) or _bad_value(customers, customer, id, change, calendars)
    if refused:
        return refused
    entry = customers.overlay.get(id)
    before, name = entry.values if entry else None, _names_of(customer, change.part).get(id.key, change.name)
    if change.verb is Verb.REMOVE:
        return EntryChanged(id=id, name=name, before=before, after=None)
    said = {**dict(before or ()), **dict(change.values)}
    after: Values | None = tuple((key, said[key]) for key in KEYS[change.part] if said.get(key))
    if not after and (id in customers.named or change.part is EntryPart.CUSTOMER):
        after = None  # nothing is left beside what the file says
    return EntryChanged(id=id, name=name, before=before, after=after)


def reverted(customers: Customers, done: EntryChanged) -> EntryChanged | None:
    """The change that takes this one back; None where the entry was changed since."""
    entry = customers.overlay.get(done.id)
    if (entry.values if entry else None) != done.after:
        return None
    return EntryChanged(id=done.id, name=done.name, before=done.after, after=done.before)


def _customer(customers: Customers, name: str) -> Customer | NotChanged:
    titles = {known.title.lower(): known.name for known in customers.by_name.values()}
    names = {**titles, **{known.lower(): known for known in customers.by_name}}
    found = names.get(name.lower())
    if found is None:
        return NotChanged(reason="unknown-customer", nearest=names.get(nearest(name.lower(), names), ""), detail=name)
    return customers.by_name[found]


def _not_possible(customers: Customers, customer: Customer, id: EntryId, change: EntryChange) -> NotChanged | None:
    """Why there is no such entry to change, or why it cannot be changed."""
    named = customers.named.get(id, {})
    known = _names_of(customer, change.part)
    if change.verb is Verb.ADD and change.part is not EntryPart.CUSTOMER:
        if "" in named:
            return NotChanged(reason="named-in-file", detail=named[""])
        return NotChanged(reason="entry-exists", detail=known[id.key]) if id.key in known else _taken(customers, customer, id)
    if change.part is not EntryPart.CUSTOMER and id.key not in known:
        return NotChanged(reason="unknown-entry", nearest=known.get(nearest(id.key, known), ""), detail=customer.title)
    if change.verb is not Verb.REMOVE:
        return None
    if named or change.part is EntryPart.CUSTOMER:
        return NotChanged(reason="named-in-file", detail=named.get("", ""))
    stands = next((device.serial for device in customer.equipment if change.part is EntryPart.LOCATION and device.location == id.key), "")
    return NotChanged(reason="location-in-use", detail=stands) if stands else None


def _names_of(customer: Customer, part: EntryPart) -> Mapping[str, str]:
    """The entries of the customer: the name as it is compared -> as it is written."""
    match part:
        case EntryPart.PERSON:
            return {person.address.lower(): person.address for person in customer.people}
        case EntryPart.LOCATION:
            return {name: name for name in customer.locations}
        case EntryPart.DEVICE:
            return {mark_key(device.serial): device.serial for device in customer.equipment}
        case EntryPart.CUSTOMER:
            return {"": customer.name}


def _taken(customers: Customers, customer: Customer, id: EntryId) -> NotChanged | None:
    """Whether the address or number of a new entry belongs to somebody already."""
    owner = ""
    if id.part is EntryPart.PERSON:
        owner = customers.by_address.get(id.key, "")
    elif id.part is EntryPart.DEVICE:
        owner = customers.by_mark[id.key][0] if id.key in customers.by_mark else ""
    if owner:
        return NotChanged(reason="entry-taken", detail=customers.by_name[owner].title)
    return None


def _bad_value(
    customers: Customers, customer: Customer, id: EntryId, change: EntryChange, calendars: Collection[str]
) -> NotChanged | None:
    if change.part is EntryPart.PERSON and not _is_address(change.name):
        return NotChanged(reason="bad-value", detail=change.name)
    if change.part is EntryPart.LOCATION and not _is_name(change.name):
        return NotChanged(reason="bad-value", detail=change.name)
    if change.part is EntryPart.DEVICE and (len(id.key) < SHORTEST_MARK or not any(letter.isdigit() for letter in id.key)):
        return NotChanged(reason="bad-serial", detail=change.name)
    named = customers.named.get(id, {})
    for key, value in change.values:
        if key in named:
            return NotChanged(reason="named-in-file", detail=f"{key}: {named[key]}")
        problem = _problem(customers, customer, id, key, value, calendars) if value else None
        if problem:
            return problem
    return None


def _problem(
    customers: Customers, customer: Customer, id: EntryId, key: str, value: str, calendars: Collection[str]
) -> NotChanged | None:
    """What is wrong with this value of this key."""
    if key not in KEYS[id.part]:
        return NotChanged(reason="unknown-key", nearest=nearest(key, KEYS[id.part]), detail=key)
    match key:
        case "location" if value not in customer.locations:
            return NotChanged(reason="unknown-location", nearest=nearest(value, customer.locations), detail=customer.title)
        case "calendar" if value not in calendars:
            return NotChanged(reason="unknown-hours", nearest=nearest(value, calendars), detail=value)
        case "tag" if (owner := customers.by_mark.get(mark_key(value))) and mark_key(owner[1].serial) != id.key:
            return NotChanged(reason="entry-taken", detail=f"{owner[1].serial}, {customers.by_name[owner[0]].title}")
    return None if _is_readable(key, value) else NotChanged(reason="bad-value", detail=f"{key}={value}")


def _is_address(text: str) -> bool:
    try:
        return bool(names.address(text))
    except Wrong:
        return False


def _is_name(text: str) -> bool:
    try:
        return bool(names.name(text))
    except Wrong:
        return False


def _is_readable(key: str, value: str) -> bool:
    """Whether customers.yaml could say it."""
    try:
        match key:
            case "phones":
                return all(map(names.phone, phones(value)))
            case "language":
                return bool(names.language_code(value))
            case "terms":
                return bool(terms_of(value))
            case "km":
                return quantities.kilometres(value) >= 0
            case "zone":
                return zone_of(value) is not None
        return bool(names.line(value))
    except Wrong:
        return False


def phones(value: str) -> tuple[str, ...]:
    """The numbers of a value that may have several."""
    return tuple(part for part in (part.strip() for part in re.split("[,;|]", value)) if part)
