"""Handlers for the contract and the device of a ticket."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from mailbridge.customers.contract_match import Cover, CoverQuestion, cover, cover_by
from mailbridge.customers.model import Customer, Customers, mark_key
from mailbridge.tickets.command_context import CommandContext, HandlerResult, Refusal, nearest
from mailbridge.tickets.commands import SetContract, SetEquipment
from mailbridge.tickets.events import FieldSet, TicketEvent
from mailbridge.tickets.model import Ticket

CONTRACT, SLA, EQUIPMENT, LOCATION, CALENDAR = "contract", "sla", "equipment", "location", "calendar"  # names of ticket fields


def set_contract(ticket: Ticket, command: SetContract, about: CommandContext) -> HandlerResult:
    """Sets a contract of the requester's customer that is valid today.  Its level of service applies from now on."""
    customer = _customer(ticket, about)
    if customer is None:
        return Refusal(reason="no-customer")
    names = {name.lower(): name for name in customer.contracts}
    name = names.get(command.contract.lower())
    if name is None:
        return Refusal(reason="unknown-contract", nearest=names.get(nearest(command.contract.lower(), names), ""), detail=customer.title)
    contract = customer.contracts[name]
    today = about.organisation.day_of(about.now)
    if not contract.valid(today):
        renewal = next((other.name for other in customer.contracts.values() if other.renews == name and other.valid(today)), "")
        days = " – ".join(str(day) for day in (contract.since, contract.until) if day)
        return Refusal(reason="contract-not-valid", nearest=renewal, detail=days)
    asked = question(ticket, today)
    found = cover_by(contract, customer, asked)
    before = customer.contracts.get(dict(ticket.fields).get(CONTRACT, ""))
    own = before is None or ticket.sla != cover_by(before, customer, asked).sla  # a level that the contract before did not give
    return _changed(ticket, ((CONTRACT, name), (SLA, found.sla or (ticket.sla if own else "")), (CALENDAR, found.calendar)))


def set_equipment(ticket: Ticket, command: SetEquipment, about: CommandContext) -> HandlerResult:
    """Sets a device of the requester's customer, by serial number or asset tag in any spelling.  Also sets its location."""
    customer = _customer(ticket, about)
    if customer is None:
        return Refusal(reason="no-customer")
    marks = {mark_key(mark): (mark, device) for device in customer.equipment for mark in device.marks}
    found = marks.get(mark_key(command.equipment))
    if found is None:
        near = marks.get(nearest(mark_key(command.equipment), marks))
        return Refusal(reason="unknown-equipment", nearest=near[0] if near else "", detail=customer.title)
    return _changed(ticket, ((EQUIPMENT, found[1].serial), (LOCATION, found[1].location)))


def question(ticket: Ticket, day: date) -> CoverQuestion:
    """What is known of the ticket for the choice of its contract."""
    fields = dict(ticket.fields)
    serials = (fields[EQUIPMENT],) if fields.get(EQUIPMENT) else ()
    return CoverQuestion(day=day, serials=serials, location=fields.get(LOCATION, ""), type=ticket.type, priority=ticket.priority)


def rematched(before: Ticket, after: Ticket, about: CommandContext) -> list[TicketEvent]:
    """The changes of contract, level and calendar that follow from what changed on the ticket.  What somebody chose instead of what the
    contracts gave before stays as it is."""
    day = about.organisation.day_of(before.created_at)
    was, now = (cover_of(ticket, about.customers, day) for ticket in (before, after))
    if was == now:
        return []
    fields = dict(before.fields)
    if (fields.get(CONTRACT, ""), fields.get(SLA, "")) != (was.contract, was.sla):
        return []
    return _changed(after, ((CONTRACT, now.contract), (SLA, now.sla), (CALENDAR, now.calendar)))


def cover_of(ticket: Ticket, customers: Customers, day: date) -> Cover:
    """What the contracts of the ticket's customer say of it on this day."""
    customer = customers.of(ticket.requester.address) if ticket.requester else None
    return cover(customer, question(ticket, day)) if customer else Cover()


def _customer(ticket: Ticket, about: CommandContext) -> Customer | None:
    return about.customers.of(ticket.requester.address) if ticket.requester else None


def _changed(ticket: Ticket, wanted: Iterable[tuple[str, str]]) -> list[TicketEvent]:
    fields = dict(ticket.fields)
    return [FieldSet(name=name, value=value) for name, value in wanted if value != fields.get(name, "")]
