"""Entries of the overlay: what mails, pages and the command line change about customers, beside the files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Verb(StrEnum):
    """What is done to an entry."""

    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"


class EntryPart(StrEnum):
    """What an entry is about."""

    CUSTOMER = "customer"  # the customer's own keys
    PERSON = "person"
    LOCATION = "location"
    DEVICE = "device"


KEYS: Mapping[EntryPart, tuple[str, ...]] = {
    EntryPart.CUSTOMER: ("title", "tier", "region", "language", "terms"),
    EntryPart.PERSON: ("name", "role", "phones", "language"),
    EntryPart.LOCATION: ("title", "region", "zone", "calendar", "km"),
    EntryPart.DEVICE: ("tag", "type", "model", "location"),
}
"""What an entry may say, besides its own name.  The keys are those of customers.yaml."""

IDENTITY: Mapping[EntryPart, str] = {EntryPart.PERSON: "address", EntryPart.LOCATION: "name", EntryPart.DEVICE: "serial"}
LISTS = {EntryPart.CUSTOMER: "", EntryPart.PERSON: "people", EntryPart.LOCATION: "locations", EntryPart.DEVICE: "equipment"}
"""The key of customers.yaml under which entries of a part stand."""

Values = tuple[tuple[str, str], ...]  # key -> value; several phones are parted by ", ", terms by "; "


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class EntryId:
    """`key` as `entry_key` gives it; '' for the customer itself."""

    customer: str
    part: EntryPart
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayEntry:
    """`name`: the address, serial number or name as it was written.  `values`: what the overlay says of it.  `origin`: who changed it last,
    and when, for people to read."""

    id: EntryId
    name: str = ""
    values: Values = ()
    origin: str = ""


Named = Mapping[EntryId, Mapping[str, str]]
"""What the files name: each entry with its keys, and `file:line` of each.  The key '' is the place of the entry itself."""


def entry_key(part: EntryPart, name: str) -> str:
    """The name of an entry as it is compared."""
    match part:
        case EntryPart.PERSON:
            return name.lower()
        case EntryPart.DEVICE:
            return mark_key(name)
        case EntryPart.LOCATION | EntryPart.CUSTOMER:
            return name


def mark_key(mark: str) -> str:
    """A serial number or tag as it is compared: people write `lf2231`, `LF 2231` and `LF-2231` for the same device."""
    return "".join(character for character in mark.upper() if character.isalnum())
