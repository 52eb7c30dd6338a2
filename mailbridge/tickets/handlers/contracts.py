"""Handlers for the contract and the device of a ticket."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from mailbridge.config.suggest import nearest
from mailbridge.customers.contract_match import Cover, CoverQuestion, cover, cover_by
from mailbridge.customers.model import Customer, Customers, mark_key
from mailbridge.tickets.command_context import CommandContext, HandlerResult, Refusal
from mailbridge.tickets.command_types.values import MatchContract, SetContract, SetEquipment, SetProject
from mailbridge.tickets.event_types.values import field_set
from mailbridge.tickets.events import TicketEvent
from mailbridge.tickets.model import Ticket

CONTRACT, SLA, EQUIPMENT, LOCATION = "contract", "sla", "equipment", "location"  # names of ticket fields
CALENDAR, PROJECT = "calendar", "project"


def set_contract(ticket: Ticket, command: SetContract, about: CommandContext) -> HandlerResult:
    """Sets a contract of the requester's customer that is valid today.  Its level of service applies from now on."""
    customer = _customer(ticket, about)
    if customer is None:
        return Refusal(reason="no-customer")
    if not command.contract:
        return _changed(about, ticket, _promised(Cover()))
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
    return _changed(about, ticket, ((CONTRACT, name), (SLA, found.sla or (ticket.sla if own else "")), (CALENDAR, found.calendar)))


def set_project(ticket: Ticket, command: SetProject, about: CommandContext) -> HandlerResult:
    """Sets a project of the requester's customer that runs today, with its contract.  An empty name takes the ticket out of its project,
    and the most specific contract applies again."""
    customer = _customer(ticket, about)
    if customer is None:
        return Refusal(reason="no-customer")
    names = {name.lower(): name for name in customer.projects}
    name = names.get(command.project.lower(), "")
    if command.project and not name:
        return Refusal(reason="unknown-project", nearest=names.get(nearest(command.project.lower(), names), ""), detail=customer.title)
    project = customer.projects.get(name)
    if project is not None and not project.valid(about.organisation.day_of(about.now)):
        return Refusal(reason="project-not-valid", detail=" – ".join(str(day) for day in (project.since, project.until) if day))
    now = cover(customer, replace(question(ticket, about.organisation.day_of(ticket.created_at)), project=name))
    leaves = bool(dict(ticket.fields).get(PROJECT)) and not name
    brings = project is not None and bool(project.contract)
    return _changed(about, ticket, ((PROJECT, now.project), *(_promised(now) if brings or leaves else ())))


def set_equipment(ticket: Ticket, command: SetEquipment, about: CommandContext) -> HandlerResult:
    """Sets a device of the requester's customer, by serial number or asset tag in any spelling.  Also sets its location."""
    customer = _customer(ticket, about)
    if customer is None:
        return Refusal(reason="no-customer")
    if not command.equipment:
        return _changed(about, ticket, ((EQUIPMENT, ""), (LOCATION, "")))
    marks = {mark_key(mark): (mark, device) for device in customer.equipment for mark in device.marks}
    found = marks.get(mark_key(command.equipment))
    if found is None:
        near = marks.get(nearest(mark_key(command.equipment), marks))
        return Refusal(reason="unknown-equipment", nearest=near[0] if near else "", detail=customer.title)
    return _changed(about, ticket, ((EQUIPMENT, found[1].serial), (LOCATION, found[1].location)))


def question(ticket: Ticket, day: date) -> CoverQuestion:
    """What is known of the ticket for the choice of its contract."""
    fields = dict(ticket.fields)
    return CoverQuestion(
        day=day,
        serials=(fields[EQUIPMENT],) if fields.get(EQUIPMENT) else (),
        location=fields.get(LOCATION, ""),
        type=ticket.type,
        priority=ticket.priority,
        project=fields.get(PROJECT, ""),
    )


def rematched(before: Ticket, after: Ticket, about: CommandContext) -> list[TicketEvent]:
    """The changes of contract, level, calendar and project that follow from the change of the ticket.  A contract or level that a rule or a
    person chose does not change."""
    day = about.organisation.day_of(before.created_at)
    was, now = (cover_of(ticket, about.customers, day) for ticket in (before, after))
    return _followed(about, before, after, was, now) if was != now and is_chosen_by(was, before) else []


def match_contract(ticket: Ticket, command: MatchContract, about: CommandContext) -> HandlerResult:
    """The changes that follow from other customers, where one of the covers that they gave before is what the ticket has.  The day on which
    the ticket came counts, as it did then."""
    was = next((one for one in command.was if is_chosen_by(one, ticket)), None)
    if was is None:
        return []
    return _followed(about, ticket, ticket, was, cover_of(ticket, about.customers, about.organisation.day_of(ticket.created_at)))


def is_chosen_by(found: Cover, ticket: Ticket) -> bool:
    """Whether the contract and level on the ticket are those of the cover."""
    fields = dict(ticket.fields)
    return (fields.get(CONTRACT, ""), fields.get(SLA, "")) == (found.contract, found.sla)


def _followed(about: CommandContext, before: Ticket, after: Ticket, was: Cover, now: Cover) -> list[TicketEvent]:
    own = ((PROJECT, now.project),) if dict(before.fields).get(PROJECT, "") == was.project else ()
    return _changed(about, after, (*_promised(now), *own))


def cover_of(ticket: Ticket, customers: Customers, day: date) -> Cover:
    """What the contracts of the ticket's customer say of it on this day."""
    requester = ticket.requester
    customer = customers.of(requester.address) if requester and customers.by_name else None
    if customer is None:
        return Cover()
    asked = question(ticket, day)
    contract = customer.contracts.get(dict(ticket.fields).get(CONTRACT, ""))
    project = customer.projects.get(asked.project)
    came_along = contract is not None and contract.project == asked.project and (project is None or project.contract != contract.name)
    return cover(customer, replace(asked, project="") if came_along else asked)


def _promised(found: Cover) -> tuple[tuple[str, str], ...]:
    return ((CONTRACT, found.contract), (SLA, found.sla), (CALENDAR, found.calendar))


def _customer(ticket: Ticket, about: CommandContext) -> Customer | None:
    return about.customers.of(ticket.requester.address) if ticket.requester else None


def _changed(about: CommandContext, ticket: Ticket, wanted: Iterable[tuple[str, str]]) -> list[TicketEvent]:
    fields = dict(ticket.fields)
    new = ((name, value) for name, value in wanted if value != fields.get(name, ""))
    return [field_set(name, value, about.rules_version) for name, value in new]
