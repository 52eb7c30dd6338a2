"""Which contract a ticket falls under: all candidates, the winner, and why each other one lost.  Pure.

A candidate is a contract with one of its levels of service.  It applies where the contract is valid and covers the ticket.  Of those that
apply the most specific one wins: one that names the device before one that names the location, then the type of request, then the
priority, then one for the whole customer, then the desk's own targets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations

from mailbridge.customers.model import Contract, Customer, Location, ServiceLevel

CRITERIA = ("equipment", "location", "type", "priority")
"""What a candidate may name, the most specific one first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverQuestion:
    """What is known of a ticket.  `serials`: its devices, the one that was named first comes first.  Empty: not known."""

    day: date
    serials: tuple[str, ...] = ()
    location: str = ""
    type: str = ""
    priority: str = ""
    project: str = ""  # that somebody chose


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A contract with one of its levels.  `contract` None: the desk's own targets.  `line` None: the contract's own `sla`.
    `names`: which of CRITERIA it asks for.  `lost` is '' for the winner."""

    contract: Contract | None = None
    line: ServiceLevel | None = None
    names: tuple[str, ...] = ()
    lost: str = ""

    @property
    def sla(self) -> str:
        """The level of service; '' for the desk's own targets."""
        return self.line.sla if self.line else self.contract.sla if self.contract else ""

    @property
    def has_targets(self) -> bool:
        """Whether it sets SLA targets or a calendar."""
        return bool(self.sla or (self.contract and self.contract.calendar))

    @property
    def label(self) -> str:
        """What it is called in a list."""
        return self.contract.name if self.contract else "default"


DEFAULT = Candidate()


def candidates(customer: Customer | None, asked: CoverQuestion) -> tuple[Candidate, ...]:
    """All candidates for a ticket of this customer: the winner first, then those that apply, then those that do not.

    Between two equally specific candidates one that promises times wins, then the one whose device was named first, then the one that
    stands first in the file.  `ties` finds those between which only the order in the file would decide.
    """
    place = location_of(customer, asked)
    weighed = [(_why_not(one, asked, place, customer), one) for one in (*_of(customer), DEFAULT)]
    applying = sorted((one for why, one in weighed if not why), key=lambda one: _order(one, asked))
    best = applying[0]
    beaten = (replace(one, lost=_why_beaten(one, best)) for one in applying[1:])
    return (best, *beaten, *(replace(one, lost=why) for why, one in weighed if why))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What a ticket is worked on under.  '': nothing.  `calendar` is `NAME` or `NAME ZONE`; '' is that of the team."""

    contract: str = ""
    sla: str = ""
    calendar: str = ""
    equipment: str = ""
    location: str = ""
    project: str = ""
    team: str = ""  # of the project


def cover(customer: Customer, asked: CoverQuestion) -> Cover:
    """What the winner of `candidates` says, with the device that the ticket names and where it stands.

    A project that somebody chose brings its contract.  The device is known also where the customer has no contract: one may come.
    """
    chosen = customer.projects.get(asked.project)
    if chosen is not None and chosen.contract in customer.contracts:
        return cover_by(customer.contracts[chosen.contract], customer, asked)
    place = location_of(customer, asked)
    applying = (one for one in _of(customer) if not _why_not(one, asked, place, customer))
    found = min(applying, key=lambda one: _order(one, asked), default=DEFAULT)
    return Cover(
        contract=found.contract.name if found.contract else "",
        sla=found.sla,
        calendar=_calendar(found.contract, customer.locations.get(place)),
        equipment=asked.serials[0] if asked.serials else "",
        location=place if asked.serials else asked.location,
        **_project(found.contract, customer, asked),
    )


def cover_by(contract: Contract, customer: Customer, asked: CoverQuestion) -> Cover:
    """The same under a contract that somebody chose."""
    place = location_of(customer, asked)
    return Cover(
        contract=contract.name,
        sla=level_of(contract, asked.type, asked.priority),
        calendar=_calendar(contract, customer.locations.get(place)),
        equipment=asked.serials[0] if asked.serials else "",
        location=place if asked.serials else asked.location,
        **_project(contract, customer, asked),
    )


def _project(contract: Contract | None, customer: Customer, asked: CoverQuestion) -> dict[str, str]:
    """The project that somebody chose, else that of the contract where it runs on that day; with its team."""
    of_contract = customer.projects.get(contract.project) if contract else None
    found = customer.projects.get(asked.project) or (of_contract if of_contract and of_contract.valid(asked.day) else None)
    return {"project": found.name, "team": found.team} if found else {}


def location_of(customer: Customer | None, asked: CoverQuestion) -> str:
    """The ticket's location: the one that it names, else that of its first device, else the customer's only one."""
    if asked.location or customer is None:
        return asked.location
    stands = {device.serial: device.location for device in customer.equipment if device.location} if asked.serials else {}
    first = next((stands[serial] for serial in asked.serials if serial in stands), "")
    return first or (next(iter(customer.locations)) if len(customer.locations) == 1 else "")


def _calendar(contract: Contract | None, place: Location | None) -> str:
    """That of the contract, else of the location, by the wall clock of the location."""
    name = (contract.calendar if contract else "") or (place.calendar if place else "")
    return f"{name} {place.zone}" if name and place and place.zone else name


def level_of(contract: Contract, type: str, priority: str) -> str:
    """The level of service that the contract promises for a ticket of this type and priority."""
    applying = (line for line in contract.levels if line.type in ("", type) and line.priority in ("", priority))
    best = min(applying, key=lambda line: (not line.type, not line.priority), default=None)
    return best.sla if best else contract.sla


def ties(contracts: Iterable[Contract]) -> Iterator[tuple[Candidate, Candidate]]:
    """The pairs of candidates that are equally specific and can apply to the same ticket."""
    every = [one for contract in contracts for one in _of_contract(contract) if one.has_targets]
    return ((one, other) for one, other in combinations(every, 2) if one.names == other.names and _meet(one, other))


def _of(customer: Customer | None) -> Iterator[Candidate]:
    for contract in customer.contracts.values() if customer else ():
        yield from _of_contract(contract)


def _of_contract(contract: Contract) -> Iterator[Candidate]:
    for line in (*contract.levels, None):
        named = (contract.equipment, contract.locations, contract.types or (line and line.type), line and line.priority)
        yield Candidate(contract=contract, line=line, names=tuple(name for name, value in zip(CRITERIA, named, strict=True) if value))


def _order(one: Candidate, asked: CoverQuestion) -> tuple[object, ...]:
    """The smallest is the winner."""
    contract = one.contract
    devices = contract.equipment if contract else ()
    named_at = next((number for number, serial in enumerate(asked.serials) if serial in devices), len(asked.serials))
    return (contract is None, not one.has_targets, *(name not in one.names for name in CRITERIA), one.line is None, named_at)


def _why_not(one: Candidate, asked: CoverQuestion, place: str, customer: Customer | None) -> str:
    """Why the candidate does not apply to the ticket; '' where it does."""
    contract = one.contract
    if contract is None:
        return ""
    return (
        _why_not_then(contract, asked.day, customer)
        or _why_other("device", contract.equipment, asked.serials)
        or _why_other("location", contract.locations, (place,) if place else ())
        or _why_other("type of request", _types(one), (asked.type,) if asked.type else ())
        or _why_other("priority", _priority(one), (asked.priority,) if asked.priority else ())
    )


def _why_not_then(contract: Contract, day: date, customer: Customer | None) -> str:
    if contract.valid(day):
        return ""
    if contract.since is not None and day < contract.since:
        return f"begins on {contract.since}"
    renewal = next((other.name for other in customer.contracts.values() if other.renews == contract.name), "") if customer else ""
    return f"ended on {contract.until}" + (f", renewed by {renewal}" if renewal else "")


def _why_other(what: str, wanted: Sequence[str], known: Sequence[str]) -> str:
    if not wanted or any(one in wanted for one in known):
        return ""
    has = f"the ticket has {', '.join(known)}" if known else "the ticket has none"
    return f"is for the {what} {' or '.join(wanted)}, {has}"


def _why_beaten(one: Candidate, best: Candidate) -> str:
    if one.contract is None:
        return f'the contract "{best.label}" comes first'
    if best.has_targets and not one.has_targets:
        return f'names no targets, "{best.label}" does'
    for name in CRITERIA:
        if (name in best.names) != (name in one.names):
            return f"less specific: {_whose(one, best)} names the {_WORDS[name]}"
    if one.contract is best.contract:
        return "the line of the contract for this type and priority comes first"
    return f'"{best.label}" is equally specific and comes first'


def _whose(one: Candidate, best: Candidate) -> str:
    return f"another level of {best.label}" if one.contract is best.contract else f'"{best.label}"'


_WORDS = {"equipment": "device", "location": "location", "type": "type of request", "priority": "priority"}


def _meet(one: Candidate, other: Candidate) -> bool:
    """Whether one ticket can be covered by both."""
    a, b = one.contract, other.contract
    if a is None or b is None or (a is b and (one.line is None or other.line is None)):
        return False
    begins = max(day for day in (a.since, b.since, date.min) if day is not None)
    ends = min(day for day in (a.until, b.until, date.max) if day is not None)
    places = (a.locations, b.locations), (a.equipment, b.equipment), (_types(one), _types(other)), (_priority(one), _priority(other))
    return begins <= ends and all(not mine or not theirs or not set(mine).isdisjoint(theirs) for mine, theirs in places)


def _types(one: Candidate) -> tuple[str, ...]:
    return (one.line.type,) if one.line and one.line.type else one.contract.types if one.contract else ()


def _priority(one: Candidate) -> tuple[str, ...]:
    return (one.line.priority,) if one.line and one.line.priority else ()
