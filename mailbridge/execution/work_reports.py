"""The questions behind `mailbridge report plan` and `report travel`: plans and activities of some days, with customers and contracts."""

from __future__ import annotations

from datetime import date, timedelta

from mailbridge.customers.model import Customers
from mailbridge.execution.agenda_rows import planned_between
from mailbridge.store.tx import Tx
from mailbridge.tickets.model import Activity, Ticket
from mailbridge.tickets.planned_report import PlannedEntry, TravelEntry

_DAY = timedelta(days=1)


def plans_of(tx: Tx, customers: Customers, first: date, last: date, zone: str, agent: str = "") -> list[PlannedEntry]:
    """The plans that begin on these days by the clock of the zone, both included; of one agent or of all."""
    found = [one for one in planned_between(tx, first, last + _DAY, zone) if one.plan and agent in ("", one.agent)]
    tickets = {ticket.id: ticket for ticket in tx.tickets.get_many(one.ticket for one in found)}
    entries = []
    for one in found:
        ticket = tickets[one.ticket]
        plan = next(plan for plan in ticket.plans if plan.id == one.plan)
        worked = next((activity.minutes for activity in ticket.activities if activity.id == plan.done), None)
        customer = _customer(ticket, customers)
        entries.append(PlannedEntry(ticket=ticket.id, customer=customer, subject=ticket.subject, plan=plan, worked=worked))
    return entries


def travel_of(tx: Tx, customers: Customers, first: date, last: date, agent: str = "") -> list[TravelEntry]:
    """The activities of these days, both included, each with its customer, contract and location."""
    done = tx.activities.between(first, last, agent)
    tickets = {ticket.id: ticket for ticket in tx.tickets.get_many(one.ticket for one in done)}
    return [_travel(one.activity, tickets[one.ticket], customers) for one in done]


def _travel(activity: Activity, ticket: Ticket, customers: Customers) -> TravelEntry:
    fields = dict(ticket.fields)
    known = customers.of(ticket.requester.address) if ticket.requester else None
    location = known.locations.get(fields.get("location", "")) if known else None
    return TravelEntry(
        customer=_customer(ticket, customers),
        contract=fields.get("contract", ""),
        location=location.name if location else fields.get("location", ""),
        activity=activity,
        one_way=location.km if location else None,
    )


def _customer(ticket: Ticket, customers: Customers) -> str:
    requester = ticket.requester.address if ticket.requester else ""
    known = customers.of(requester) if requester else None
    return (known.title or known.name) if known else requester
