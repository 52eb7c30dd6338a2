"""Customers as `rules/customers.yaml`, the files in `rules/customers/` and the CSV files beside them describe them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from mailbridge.customers.asking import Asking, WhoMayAsk
from mailbridge.customers.entry import EntryId, Named, OverlayEntry
from mailbridge.customers.entry import mark_key as mark_key
from mailbridge.customers.hour_terms import HourTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    address: str
    name: str = ""
    language: str = ""
    role: str = ""
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    name: str
    title: str = ""
    region: str = ""
    zone: str = ""  # whose wall clock the calendar goes by; empty: that of the calendar
    calendar: str = ""  # name of the hours in which work is done there
    km: float | None = None  # the distance from the desk, one way


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """A device.  `serial` or `tag` (the customer's own label) is what people write in a mail."""

    serial: str
    tag: str = ""
    type: str = ""
    model: str = ""
    location: str = ""  # name of one of the customer's locations

    @property
    def marks(self) -> tuple[str, ...]:
        return tuple(mark for mark in (self.serial, self.tag) if mark)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLevel:
    """A line of a contract's `levels`: the level of service for tickets of this type and priority.  Empty: of any."""

    sla: str
    type: str = ""
    priority: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What was promised.  Empty `locations`, `equipment` and `types`: for all of them.  No date: open on that side."""

    name: str
    type: str = ""
    sla: str = ""
    since: date | None = None
    until: date | None = None
    renews: str = ""  # name of the contract of the same customer that it continues
    locations: tuple[str, ...] = ()
    equipment: tuple[str, ...] = ()  # serials
    types: tuple[str, ...] = ()  # types of request
    levels: tuple[ServiceLevel, ...] = ()  # other levels than `sla`
    calendar: str = ""  # name of the hours that its times count in; empty: those of the location, else of the team
    project: str = ""  # the project of the same customer that its tickets belong to
    responsible: str = ""  # name of an agent
    hours: HourTerms | None = None  # its hour bank

    def valid(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    def covers(self, location: str, serials: tuple[str, ...]) -> bool:
        """Whether it is for this place and these devices; what is not known does not rule it out."""
        here = not self.locations or not location or location in self.locations
        this = not self.equipment or not serials or any(serial in self.equipment for serial in serials)
        return here and this


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Work for a customer that its tickets are counted under.  No date: open on that side."""

    name: str
    title: str = ""
    responsible: str = ""  # name of an agent
    contract: str = ""  # of the same customer; its tickets fall under it
    team: str = ""  # that gets its new tickets
    since: date | None = None
    until: date | None = None

    def valid(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    name: str
    title: str = ""
    tier: str = ""
    region: str = ""
    language: str = ""
    responsible: str = ""  # name of an agent
    domains: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    locations: Mapping[str, Location] = field(default_factory=dict)
    equipment: tuple[Equipment, ...] = ()
    contracts: Mapping[str, Contract] = field(default_factory=dict)
    projects: Mapping[str, Project] = field(default_factory=dict)
    terms: Mapping[str, str] = field(default_factory=dict)  # a word of its people -> what it means
    asking: Asking | None = None  # who may ask for it; None: the policy of the desk


@dataclass(frozen=True, slots=True, kw_only=True)
class Customers:
    """All of them, found by what a mail shows: an address, a domain, a serial number in the text."""

    by_name: Mapping[str, Customer] = field(default_factory=dict)
    by_address: Mapping[str, str] = field(default_factory=dict)
    by_domain: Mapping[str, str] = field(default_factory=dict)
    by_mark: Mapping[str, tuple[str, Equipment]] = field(default_factory=dict)  # mark as `mark_key` gives it
    beginnings: frozenset[str] = frozenset()  # the first one and two characters of each mark
    restricts: bool = False  # some customer does not let everybody ask
    asking: Asking = field(default_factory=Asking)  # who may ask where the customer has no policy of its own, or is not known
    named: Named = field(default_factory=dict, compare=False)  # what the files say, each with its place
    overlay: Mapping[EntryId, OverlayEntry] = field(default_factory=dict)  # what was changed beside the files
    files: Customers | None = field(default=None, repr=False, compare=False)  # the customers without the overlay, where there is one

    @property
    def restricted(self) -> bool:
        """Whether anybody may not ask."""
        return self.asking.who is not WhoMayAsk.EVERYBODY or self.restricts

    def language_at(self, address: str) -> str:
        """The language of mails to this address: the person's, else the customer's; '' where neither is said."""
        customer = self.of(address)
        if customer is None:
            return ""
        own = next((person.language for person in customer.people if person.address.lower() == address.lower()), "")
        return own or customer.language

    def of(self, address: str) -> Customer | None:
        """Whose person writes from this address: the address itself first, then its domain and the domains above it."""
        key = address.lower()
        name = self.by_address.get(key)
        domain = key.rpartition("@")[2]
        while name is None and "." in domain:
            name = self.by_domain.get(domain)
            domain = domain.partition(".")[2]
        return self.by_name[name] if name is not None else None


_RUN = re.compile(r"[^\W_]+")
_JOINED_RUNS = re.compile(r"[^\W_]+(?:[-./_ ][^\W_]+)*")
_DIGIT = re.compile(r"\d")
_JOINED = 4  # a mark is written as at most so many runs of letters and digits
SHORTEST_MARK = 4


def marks_in(text: str, beginnings: frozenset[str] | None = None) -> Iterator[str]:
    """Everything in a text that might be a serial number, as `mark_key` writes it: runs of letters and digits, also joined by one sign.

    `beginnings`: only what begins like this (`Customers.beginnings`).
    """
    for joined in _JOINED_RUNS.finditer(text):
        if _DIGIT.search(joined[0]):
            yield from _marks_of(_RUN.findall(joined[0]), beginnings)


def _marks_of(runs: Sequence[str], beginnings: frozenset[str] | None) -> Iterator[str]:
    # A mark has a digit somewhere, and most words have none: only what begins near one that has can become a mark.
    numbered = {number for number, run in enumerate(runs) if not run.isalpha() and _DIGIT.search(run)}
    for first in sorted({start for number in numbered for start in range(max(0, number - _JOINED + 1), number + 1)}):
        if beginnings is not None and runs[first][:2].upper()[:2] not in beginnings:
            continue
        mark, is_numbered = "", False
        for number, run in enumerate(runs[first : first + _JOINED], start=first):
            mark += run.upper()
            is_numbered = is_numbered or number in numbered
            if is_numbered and len(mark) >= SHORTEST_MARK:
                yield mark


def customers(all_of_them: tuple[Customer, ...], named: Named | None = None, asking: Asking | None = None) -> Customers:
    """The customers with their indexes."""
    by_mark = {mark_key(mark): (c.name, e) for c in all_of_them for e in c.equipment for mark in e.marks}
    return Customers(
        by_name={c.name: c for c in all_of_them},
        by_address={p.address.lower(): c.name for c in all_of_them for p in c.people},
        by_domain={domain.lower(): c.name for c in all_of_them for domain in c.domains},
        by_mark=by_mark,
        beginnings=frozenset(mark[:length] for mark in by_mark for length in (1, 2)),
        asking=asking or Asking(),
        restricts=any(c.asking is not None and c.asking.who is not WhoMayAsk.EVERYBODY for c in all_of_them),
        named=named or {},
    )
