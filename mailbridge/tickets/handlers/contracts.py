"""What the customer of a ticket has: the contract it is worked on under, the device it is about."""

from __future__ import annotations

from collections.abc import Iterable

from mailbridge.customers.model import Customer, mark_key
from mailbridge.tickets.command_context import CommandContext, Judgement, Refusal, nearest
from mailbridge.tickets.commands import SetContract, SetEquipment
from mailbridge.tickets.events import FieldSet, TicketEvent
from mailbridge.tickets.model import Ticket

CONTRACT, SLA, EQUIPMENT, LOCATION = "contract", "sla", "equipment", "location"  # fields of a ticket


def set_contract(ticket: Ticket, command: SetContract, about: CommandContext) -> Judgement:
    """One of the requester's customer that is valid today; its level of service is promised from now on."""
    customer = _customer(ticket, about)
    if customer is None:
        return Refusal(reason="no-customer")
    names = {name.lower(): name for name in customer.contracts}
    name = names.get(command.contract.lower())
    if name is None:
        return Refusal(reason="unknown-contract", nearest=names.get(nearest(command.contract.lower(), names), ""), detail=customer.title)
    contract = customer.contracts[name]
    if not contract.valid(about.now.date()):
        return Refusal(reason="contract-not-valid", detail=" – ".join(str(day) for day in (contract.since, contract.until) if day))
    return _changed(ticket, ((CONTRACT, name), (SLA, contract.sla)))


def set_equipment(ticket: Ticket, command: SetEquipment, about: CommandContext) -> Judgement:
    """One of the requester's customer, by serial number or tag however they are written; the place it stands at comes along."""
    customer = _customer(ticket, about)
    if customer is None:
        return Refusal(reason="no-customer")
    marks = {mark_key(mark): (mark, device) for device in customer.equipment for mark in device.marks}
    found = marks.get(mark_key(command.equipment))
    if found is None:
        near = marks.get(nearest(mark_key(command.equipment), marks))
        return Refusal(reason="unknown-equipment", nearest=near[0] if near else "", detail=customer.title)
    return _changed(ticket, ((EQUIPMENT, found[1].serial), (LOCATION, found[1].location)))


def _customer(ticket: Ticket, about: CommandContext) -> Customer | None:
    return about.customers.of(ticket.requester.address) if ticket.requester else None


def _changed(ticket: Ticket, wanted: Iterable[tuple[str, str]]) -> list[TicketEvent]:
    return [FieldSet(name=name, value=value) for name, value in wanted if value and (name, value) not in ticket.fields]
