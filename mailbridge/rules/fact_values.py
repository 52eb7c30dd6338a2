"""Gets the texts and numbers that conditions read.  A `FactView` reads each fact once and caches it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from mailbridge.customers.asking import NotEntitled
from mailbridge.customers.entry import mark_key
from mailbridge.customers.model import Contract, Customer, Customers, Equipment, marks_in
from mailbridge.customers.who_may_ask import not_entitled
from mailbridge.message.addresses import read_addresses
from mailbridge.message.came_to import came_to
from mailbridge.message.model import Address, Message
from mailbridge.rules import dates, scores
from mailbridge.rules.facts import Facts
from mailbridge.rules.tree import ValueSource
from mailbridge.sla.calendar import is_open

MAX_TEXT = 65_536  # characters of a body that are searched; longer texts are cut
MAX_FIELDS = 16_384  # characters of all fields of one name; RFC 5322 2.1.1 has lines of 998
MAX_VALUES = 1_000
MAX_MARKS = 16_384  # characters that are searched for serial numbers

BY_TIME = frozenset({"untouched", "waiting", "due"})  # measures of a ticket that change by themselves, for rules by time
# Current values of the ticket, which earlier rules may change; `match` provides them.
CHANGING = frozenset({"team", "type", "status", "priority", "assignee", "tag", "field"})

Things = tuple[Mapping[str, tuple[str, ...] | float], ...]


class FactView:
    """The facts of one mail, for conditions."""

    __slots__ = ("_contracts", "_customer", "_equipment", "_headers", "_texts", "customers", "facts")

    def __init__(self, facts: Facts, customers: Customers) -> None:
        self.facts = facts
        self.customers = customers
        self._texts: dict[ValueSource, tuple[str, ...]] = {}
        self._headers: dict[str, list[str]] | None = None
        self._customer: Customer | bool | None = False
        self._equipment: tuple[tuple[Equipment, str], ...] | None = None
        self._contracts: tuple[Contract, ...] | None = None

    def texts(self, source: ValueSource) -> tuple[str, ...]:
        """The texts of a source, cut to a limited length."""
        known = self._texts.get(source)
        if known is None:
            known = self._texts[source] = _bounded(self._read(source), MAX_TEXT if source.kind == "body" else MAX_FIELDS)
        return known

    def _read(self, source: ValueSource) -> Iterable[str]:
        match source.kind:
            case "header":
                return _indexed([value.strip() for value in self.headers.get(source.name, ())], source.index)
            case "address":
                return address_parts(self._addresses(source), source.part)
            case "envelope":
                return self._envelope(source)
            case "body":
                return self._body(source)
            case "date" | "currentdate":
                return self._date(source)
            case "spamtest":
                return (str((scores.percent if source.name else scores.spamtest)(self.facts, self.headers)),)
            case "customer" | "contract" | "location" | "equipment" | "attachment" | "mime":
                return self._of_things(source.kind, source.name)
        return self._word(source.kind)

    def _word(self, kind: str) -> Iterable[str]:
        message = self.facts.message
        match kind:
            case "kind":
                return (message.kind,)
            case "present":
                return self.headers
            case "language":
                return (message.language,) if message.language else ()
            case "authenticity":
                strict = "strict" if message.sender.strict else "loose"
                return ("verified" if self.facts.verified else "unverified", strict)
            case "writer":
                return (self.writer,)
            case "mailbox":
                return self._mailboxes()
            case "channel":
                return (self.facts.ticket.channel if self.facts.ticket else self.facts.channel,)
            case "virustest":
                return (str(scores.virustest(self.facts, self.headers)),)
        raise LookupError(f"no source of texts is called {kind}")

    def number(self, source: ValueSource) -> float | None:
        """A number; None where the mail does not have it."""
        message = self.facts.message
        match source.kind:
            case "size":
                return message.size
            case "spam":
                return scores.spam_score(self.facts, self.headers)
            case "load":
                return self.facts.team_load.get(source.name, 0)
            case "attachments":
                return len(message.attachments)
            case "count":
                return self._count(source)
            case "age":
                ticket = self.facts.ticket
                return (self.facts.now - ticket.created_at).total_seconds() if ticket else None
            case "untouched" | "waiting" | "due":
                return self.facts.times.get(f"{source.kind} {source.name}".strip())
        raise LookupError(f"no measure is called {source.kind}")

    def holds(self, source: ValueSource) -> bool:
        """Whether the fact is true."""
        match source.kind:
            case "reply":
                return self.facts.reply
            case "attachment":
                return bool(self.facts.message.attachments)
            case "customer":
                return self.customer is not None
            case "entitled":
                return self.not_entitled is None
            case "contract":
                return bool(self.contracts)
            case "equipment":
                return bool(self.equipment)
            case "hours":
                return self._open(source.name)
        raise LookupError(f"nothing that is so or not is called {source.kind}")

    def things(self, kind: str) -> Things:
        """Attachments, contracts or devices, each as a record of texts and numbers."""
        match kind:
            case "attachment":
                attachments = self.facts.message.attachments[:MAX_VALUES]
                return tuple({"name": (a.name,), "type": (a.content_type,), "size": float(a.size)} for a in attachments)
            case "mime":
                return tuple(_mime(self.facts.message))
            case "customer":
                return (_customer(self.customer),) if self.customer else ()
            case "contract":
                return tuple({"name": (c.name,), "type": (c.type,), "sla": (c.sla,)} for c in self.contracts)
            case "location":
                return tuple(self._places())
            case "equipment":
                return tuple(_device(e) for e, _ in self.equipment)
        raise LookupError(f"no things are called {kind}")

    @property
    def headers(self) -> dict[str, list[str]]:
        """Field bodies by lower-case name."""
        if self._headers is None:
            self._headers = {}
            for name, value in self.facts.message.headers:
                self._headers.setdefault(name.lower(), []).append(value)
        return self._headers

    @property
    def writer(self) -> str:
        """agent, customer (a person of a known customer) or stranger."""
        if self.facts.agent:
            return "agent"
        return "customer" if self.customer else "stranger"

    @property
    def customer(self) -> Customer | None:
        """The customer whose person wrote, by address or domain; for an agent's mail the one of the ticket's requester."""
        if isinstance(self._customer, bool):
            requester = self.facts.ticket.requester if self.facts.ticket else None
            address = requester.address if requester else (self.facts.message.sender.answer_to or self.facts.message.sender.address)
            self._customer = self.customers.of(address) if address else None
        return self._customer

    @property
    def not_entitled(self) -> NotEntitled | None:
        """Why the writer may not ask; None where they may.  Nobody asks it of a mail by way of an agent or on a ticket."""
        if self.facts.agent or self.facts.reply or self.facts.passed_on:
            return None
        sender = self.facts.message.sender
        restricted = self.customers.restricted
        owners = (self.customers.by_mark[mark_key(device.serial)][0] for device, _ in self.equipment) if restricted else ()
        return not_entitled(self.customers, sender.answer_to or sender.address, owners) if restricted else None

    @property
    def equipment(self) -> tuple[tuple[Equipment, str], ...]:
        """Devices whose serial number or tag is in the mail, with where it was found."""
        if self._equipment is None:
            self._equipment = tuple(self._found_equipment()) if self.customers.by_mark else ()
        return self._equipment

    @property
    def own_devices(self) -> tuple[str, ...]:
        """Serial numbers of the customer's own devices that the mail names, in this order."""
        return tuple(device.serial for device, _ in self.equipment) if self.customer else ()

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """The customer's contracts that are valid today and cover the site and the devices of the mail."""
        if self._contracts is None:
            self._contracts = tuple(self._valid_contracts()) if self.customer and self.customer.contracts else ()
        return self._contracts

    def _valid_contracts(self) -> Iterable[Contract]:
        day = self.facts.organisation.day_of(self.facts.now)
        serials = tuple(e.serial for e, _ in self.equipment)
        place = next((e.location for e, _ in self.equipment if e.location), "")
        every = self.customer.contracts.values() if self.customer else ()
        return (contract for contract in every if contract.valid(day) and contract.covers(place, serials))

    def _found_equipment(self) -> Iterable[tuple[Equipment, str]]:
        message = self.facts.message
        seen: set[str] = set()
        for where, text in (("subject", message.subject), ("text", message.reply.fresh or message.text)):
            for mark in marks_in(text[:MAX_MARKS], self.customers.beginnings):
                owner, device = self.customers.by_mark.get(mark, ("", None))
                # An unknown person may name any device; a person of one customer only its own devices.
                if device and device.serial not in seen and self.customer in (None, self.customers.by_name[owner]):
                    seen.add(device.serial)
                    yield device, where

    def _places(self) -> Iterable[Mapping[str, tuple[str, ...]]]:
        """The sites of the devices; without a device the customer's only site."""
        if self.customer is None:
            return
        names = {e.location for e, _ in self.equipment if e.location}
        if not names and len(self.customer.locations) == 1:
            names = set(self.customer.locations)
        for name in sorted(names & set(self.customer.locations)):
            place = self.customer.locations[name]
            yield {"name": (name, place.title), "region": (place.region or self.customer.region,)}

    def _of_things(self, kind: str, name: str) -> Iterable[str]:
        for thing in self.things(kind):
            value = thing[name]
            if isinstance(value, tuple):
                yield from (text for text in value if text)

    def _addresses(self, source: ValueSource) -> Iterable[Address]:
        message = self.facts.message
        known = {"from": message.from_, "to": message.to, "cc": message.cc, "reply-to": message.reply_to}
        if source.name in known and not source.index:
            return known[source.name]
        values = _indexed(self.headers.get(source.name, []), source.index)
        return [address for value in values for address in read_addresses(value[:MAX_FIELDS].encode())[0]]

    def _envelope(self, source: ValueSource) -> Iterable[str]:
        if source.name == "to":
            return address_parts([Address(address=a) for a in self.facts.rcpt_to], source.part)
        return () if self.facts.mail_from is None else address_parts([Address(address=self.facts.mail_from)], source.part)

    def _mailboxes(self) -> Iterable[str]:
        """The name of the [[mailbox]] that the mail came from, the addresses of the desk that it was written to, and the one that answers
        about its ticket come from."""
        facts = self.facts
        if facts.account:
            yield facts.account
        yield from came_to(facts.message, facts.rcpt_to, facts.own_addresses or None)
        if facts.ticket is not None and facts.ticket.identity:
            yield facts.ticket.identity

    def _count(self, source: ValueSource) -> int:
        """RFC 5231 4.2: fields of a header, or addresses in them; RFC 5235 2.2: whether a filter looked."""
        if source.name == "spamtest":
            return int(scores.spamtest(self.facts, self.headers) > 0)
        names = source.part.split(", ")
        if source.name == "address":
            return sum(len(tuple(self._addresses(ValueSource(kind="address", name=name)))) for name in names)
        return sum(len(self.headers.get(name, ())) for name in names)

    def _body(self, source: ValueSource) -> Iterable[str]:
        message = self.facts.message
        if source.name == "raw":
            return (_raw_body(self.facts.raw) if self.facts.raw else message.text,)
        if source.name == "fresh":
            return (message.reply.fresh or message.text,)
        if source.name == "text":
            return (message.text,)
        return [p.text for p in message.parts if p.text is not None and _is_type(p.content_type, source.part)]

    def _date(self, source: ValueSource) -> Iterable[str]:
        moment = self._moment(source)
        if moment is None:
            return ()
        team = self.facts.organisation.teams.get(self.facts.organisation.default_team)
        return (dates.part(moment, source.part, source.zone or (team.calendar.zone if team else "UTC")),)

    def _moment(self, source: ValueSource) -> datetime | None:
        if source.kind == "currentdate":
            return self.facts.now
        if source.name == "date" and self.facts.message.date and not source.index:
            return self.facts.message.date
        return dates.moment(next(iter(_indexed(self.headers.get(source.name, []), source.index or 1)), ""))

    def _open(self, team: str) -> bool:
        if self.facts.team_open is not None and team in self.facts.team_open:
            return self.facts.team_open[team]
        return is_open(self.facts.now, self.facts.organisation.teams[team].calendar)


_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


def _raw_body(raw: bytes) -> str:
    """RFC 5173 5.1: all that follows the header, as it came."""
    blank = _BLANK_LINE.search(raw)
    return raw[blank.end() : blank.end() + 4 * MAX_TEXT].decode("utf-8", "replace") if blank else ""


def _mime(message: Message) -> Iterable[Mapping[str, tuple[str, ...]]]:
    """The parts with what their own headers say, each once: leaves, and files, which also come out of containers."""
    files = {file.part: file for file in reversed(message.attachments) if not file.inside}
    for part in message.parts[:MAX_VALUES]:
        if part.path not in files:
            yield _part(part.content_type, "", "")
    for file in message.attachments[:MAX_VALUES]:
        yield _part(file.content_type, file.original_name or file.name, file.disposition)


def _part(content_type: str, name: str, disposition: str) -> Mapping[str, tuple[str, ...]]:
    main, _, sub = content_type.partition("/")
    return {"contenttype": (content_type,), "type": (main,), "subtype": (sub,), "filename": (name,), "disposition": (disposition,)}


def address_parts(addresses: Iterable[Address], part: str) -> Iterable[str]:
    """RFC 5228 2.7.4 and RFC 5233: the whole address, or a part of it; an address without a detail has none."""
    for address in addresses:
        local, _, domain = address.address.rpartition("@")
        user, plus, detail = local.partition("+")
        match part:
            case "localpart":
                yield local
            case "domain":
                yield domain
            case "user":
                yield user
            case "detail":
                if plus:
                    yield detail
            case _:
                yield address.address


def _is_type(content_type: str, wanted: str) -> bool:
    """RFC 5173 5.2: '' is every part, 'text' a whole type, 'text/html' one subtype."""
    content_type, wanted = content_type.lower(), wanted.lower()
    return not wanted or content_type == wanted or ("/" not in wanted and content_type.startswith(f"{wanted}/"))


def _indexed(values: list[str], index: int) -> list[str]:
    """RFC 5260 6: the n-th only, from the end where it is negative."""
    if not index:
        return values
    position = index - 1 if index > 0 else len(values) + index
    return values[position : position + 1] if position >= 0 else []


def _bounded(texts: Iterable[str], room: int) -> tuple[str, ...]:
    kept: list[str] = []
    for text in texts:
        if room <= 0 or len(kept) >= MAX_VALUES:
            break
        kept.append(text[:room])
        room -= len(kept[-1])
    return tuple(kept)


def _customer(customer: Customer) -> dict[str, tuple[str, ...]]:
    return {"name": (customer.name, customer.title), "tier": (customer.tier,), "region": (customer.region,)}


def _device(device: Equipment) -> dict[str, tuple[str, ...]]:
    return {
        "serial": (device.serial,), "tag": (device.tag,), "type": (device.type,), "model": (device.model,), "location": (device.location,),
    }  # fmt: skip
