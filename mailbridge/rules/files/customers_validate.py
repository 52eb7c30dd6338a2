"""What only several values about customers together can say: whose address and device it is, which contract counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mailbridge.config import nodes
from mailbridge.config.nodes import Mapping as Table
from mailbridge.config.nodes import Node, Place, Scalar
from mailbridge.config.reading import BAD, Reading, Schema
from mailbridge.customers.contract_match import Candidate, ties
from mailbridge.customers.model import Contract, mark_key
from mailbridge.rules.files.organisation import contract_of

Values = Mapping[str, Any]


@dataclass(slots=True)
class _Taken:
    """Where each address, domain and number stands first, with the customer it belongs to."""

    places: dict[tuple[str, str], tuple[str, Place]] = field(default_factory=dict)

    def claim(self, kind: str, key: str, customer: str, place: Place) -> tuple[str, Place] | None:
        """The customer and place that had it before; None where it was free."""
        before = self.places.setdefault((kind, key), (customer, place))
        return None if before == (customer, place) else before


def check(node: Node | None, values: Any, schema: Schema, reading: Reading) -> None:
    """Every such mistake is noted; each customer is looked at for itself, so a mistake in one hides none in another."""
    every = node.get("customers") if isinstance(node, Table) else None
    if not isinstance(every, Table):
        return
    good: Values = {} if values is BAD else values.get("customers", {})
    taken = _Taken()
    for key, about in every.entries:
        _own(key.text, about, taken, reading)
        own = good[key.text] if key.text in good else schema.read(about, Reading())
        if own is not BAD and isinstance(about, Table):
            _names(key.text, about, own, reading)
            _contracts(about, own, reading)


def _own(customer: str, about: Node, taken: _Taken, reading: Reading) -> None:
    """Addresses, domains, serial numbers and tags belong to one customer, and stand there once."""
    for domain in _words(about, "domains"):
        _claim("domain", domain, domain.text.lower(), customer, taken, reading)
    for person in _items(about, "people"):
        for address in _words(person, "address"):
            _claim("address", address, address.text.lower(), customer, taken, reading)
    for device in _items(about, "equipment"):
        for serial in _words(device, "serial"):
            _claim("serial number", serial, mark_key(serial.text), customer, taken, reading)
        for tag in _words(device, "tag"):
            _claim_tag(tag, customer, taken, reading)


def _claim(kind: str, word: Scalar, key: str, customer: str, taken: _Taken, reading: Reading) -> None:
    before = taken.claim(kind, key, customer, word.place)
    if before is not None:
        whose = "" if before[0] == customer else f' of "{before[0]}"'
        reading.mistake(word.place, f'the {kind} "{word.text}" stands twice', f"the first one{whose} stands in {_at(before[1])}")


def _claim_tag(tag: Scalar, customer: str, taken: _Taken, reading: Reading) -> None:
    """Two customers may have chosen the same label; then it finds the device of the later one only."""
    before = taken.claim("tag", mark_key(tag.text), customer, tag.place)
    if before is None:
        return
    same = before[0] == customer
    message = f'the tag "{tag.text}" stands twice' if same else f'the tag "{tag.text}" is also one of "{before[0]}"'
    hint = f"the first one stands in {_at(before[1])}" + ("" if same else ": only the later device is found by it")
    reading.problems.append(tag.place.problem(message, hint, warning=not same))


def _names(customer: str, about: Table, own: Values, reading: Reading) -> None:
    """Locations, devices and contracts that the customer's own entries name are the customer's own."""
    places, contracts = own.get("locations", {}), own.get("contracts", {})
    serials = {device["serial"] for device in own.get("equipment", ())}
    for device in _items(about, "equipment"):
        _foreign("location", _words(device, "location"), places, customer, reading)
    for _, contract in _entries(about, "contracts"):
        _foreign("location", _words(contract, "locations"), places, customer, reading)
        _foreign("equipment", _words(contract, "equipment"), serials, customer, reading)
        _foreign("contract", _words(contract, "renews"), contracts, customer, reading)
        _foreign("project", _words(contract, "project"), own.get("projects", {}), customer, reading)
    for _, project in _entries(about, "projects"):
        _foreign("contract", _words(project, "contract"), contracts, customer, reading)


def _foreign(kind: str, words: Iterator[Scalar], own: Any, customer: str, reading: Reading) -> None:
    for word in words:
        place = reading.defined.get(kind, {}).get(word.text)
        if word.text not in own and place is not None:
            what = {"equipment": "device"}.get(kind, kind)
            reading.mistake(word.place, f'"{word.text}" is no {what} of "{customer}"', f"it stands in {_at(place)}, for another customer")


def _contracts(about: Table, own: Values, reading: Reading) -> None:
    nodes = {key.text: (key, node) for key, node in _entries(about, "contracts")}
    made = {name: contract_of(name, values) for name, values in own.get("contracts", {}).items()}
    for name, contract in made.items():
        _renewal(contract, made, nodes[name][1], reading)
        _lines(contract, nodes[name][1], reading)
        _statement(contract, own, nodes[name][1], reading)
    for one, other in ties(made.values()):
        places = (_place(one, nodes), _place(other, nodes, last=True))
        earlier, later = sorted(places, key=lambda place: (place.file, place.line, place.column))
        succeeds = _succeeds(one.contract, other.contract)
        what = 'say with "since" when the later one begins' if succeeds else "name a device, location, type or priority in one of them"
        hint = f"the other one stands in {_at(earlier)}: {what}"
        reading.problems.append(later.problem(_tied(one, other), hint, warning=succeeds))


def _succeeds(one: Contract | None, other: Contract | None) -> bool:
    """Whether one ends and the other stays, and neither says when it begins: no doubt remains after that day."""
    if one is None or other is None or one.since is not None or other.since is not None:
        return False
    return (one.until is None) is not (other.until is None)


def _statement(contract: Contract, own: Values, node: Node, reading: Reading) -> None:
    """Somebody gets the statement: the contact, or an agent who is responsible."""
    project = own.get("projects", {}).get(contract.project, {})
    responsible = contract.responsible or project.get("responsible") or own.get("responsible")
    if contract.hours is None or contract.hours.statement is None or contract.hours.contact or responsible:
        return
    place = next((key.place for key, _ in _entries(node, "hours") if key.text == "statement"), None)
    if place is not None:
        reading.mistake(place, "nobody gets the statement", 'write "contact" into the hours, or "responsible" into the contract')


def _renewal(contract: Contract, every: Mapping[str, Contract], node: Node, reading: Reading) -> None:
    before = every.get(contract.renews)
    word = next(_words(node, "renews"), None)
    if before is None or word is None:
        return
    if before is contract:
        reading.mistake(word.place, f'the contract "{contract.name}" renews itself', "name the one that it continues")
    elif before.until is None:
        reading.mistake(word.place, f'the contract "{before.name}" never ends', 'give it an "until", the day before the renewal begins')
    elif contract.since is None or contract.since <= before.until:
        hint = "the renewal begins on the day after, or later"
        reading.mistake(word.place, f'the contract "{before.name}" is valid until {before.until}', hint)


def _lines(contract: Contract, node: Node, reading: Reading) -> None:
    """A level for a type of request that the contract is not for would never count."""
    for line in _items(node, "levels"):
        for word in _words(line, "type"):
            if contract.types and word.text not in contract.types:
                hint = f"its types: {', '.join(contract.types)}"
                reading.mistake(word.place, f'the contract "{contract.name}" is not for the type "{word.text}"', hint)


def _tied(one: Candidate, other: Candidate) -> str:
    if one.contract is other.contract:
        return f'two levels of "{one.label}" for the same tickets'
    what = f"both name {' and '.join(one.names)}" if one.names else "both are for the whole customer"
    return f'the contracts "{one.label}" and "{other.label}" are equally specific: {what}'


def _place(one: Candidate, nodes: Mapping[str, tuple[Scalar, Node]], *, last: bool = False) -> Place:
    """Where the candidate stands; of equal lines of its contract the first one, or the last one."""
    key, node = nodes[one.label]
    if one.contract is None or one.line is None:
        return key.place
    equal = [item for item, line in zip(_items(node, "levels"), one.contract.levels, strict=True) if line == one.line]
    return equal[-1 if last else 0].place


def _at(place: Place) -> str:
    return f"{place.file}:{place.line}"


def _entries(node: Node, key: str) -> tuple[tuple[Scalar, Node], ...]:
    table = node.get(key) if isinstance(node, Table) else None
    return table.entries if isinstance(table, Table) else ()


def _items(node: Node, key: str) -> tuple[Node, ...]:
    found = node.get(key) if isinstance(node, Table) else None
    return found.items if isinstance(found, nodes.Sequence) else ()


def _words(node: Node, key: str) -> Iterator[Scalar]:
    """The single value of this key, or those of its list."""
    found = node.get(key) if isinstance(node, Table) else None
    for each in (found,) if isinstance(found, Scalar) else found.items if isinstance(found, nodes.Sequence) else ():
        if isinstance(each, Scalar):
            yield each
