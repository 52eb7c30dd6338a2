"""Burns: the hours that work on a ticket takes, with their bank, contract and weights.  Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mailbridge.customers.hour_terms import WhenEmpty
from mailbridge.customers.model import Contract, Customer, Customers
from mailbridge.organisation.model import Organisation, Team
from mailbridge.organisation.priority import Priority
from mailbridge.sla.calendar import Calendar, open_stretches, worked
from mailbridge.tickets.deadlines import calendar_of
from mailbridge.tickets.handlers.contracts import CONTRACT, EQUIPMENT, LOCATION
from mailbridge.tickets.hours.ledger import EntryKind, EntrySource, LedgerEntry
from mailbridge.tickets.hours.planning import HourBank, bank_of, contract_on, first_day
from mailbridge.tickets.hours.weights import WorkStretch, cost, weighted
from mailbridge.tickets.model import Activity, Ticket, WorkKind

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BankMatch:
    """The bank from which a ticket's work takes hours, and the contract that is valid on the day."""

    bank: HourBank
    contract: Contract


def bank_for(ticket: Ticket, customers: Customers, day: date) -> BankMatch | None:
    """The bank of the ticket's contract on this day; None if its work takes no hours.

    A contract that has ended is replaced by its renewal.  A contract without hours is replaced by the customer's first valid contract that
    has hours and covers the ticket.
    """
    name = dict(ticket.fields).get(CONTRACT)
    if not name:  # most tickets; their requester need not be looked up
        return None
    requester = ticket.requester
    customer = customers.of(requester.address) if requester else None
    named = customer.contracts.get(name) if customer else None
    if customer is None or named is None:
        return None
    contract = contract_on(named, customer, day)
    if contract is not None and contract.hours is None:
        contract = next(_others(ticket, customer, day), None)
    bank = bank_of(contract, customer) if contract else None
    return BankMatch(bank=bank, contract=contract) if bank and contract and day >= first_day(contract) else None


def asks_when_empty(ticket: Ticket, customers: Customers, day: date) -> bool:
    """Whether work on this ticket needs a manager's approval once its bank is empty."""
    found = bank_for(ticket, customers, day)
    return found is not None and found.contract.hours is not None and found.contract.hours.when_empty is WhenEmpty.ASK_MANAGER


def begins_later(ticket: Ticket, customers: Customers, day: date) -> Contract | None:
    """The ticket's contract if it has hours and neither it nor a contract that it renews is valid on this day yet; else None."""
    name = dict(ticket.fields).get(CONTRACT)
    if not name:
        return None
    requester = ticket.requester
    customer = customers.of(requester.address) if requester else None
    named = customer.contracts.get(name) if customer else None
    if customer is None or named is None or named.hours is None or named.since is None or day >= named.since:
        return None
    return named if contract_on(named, customer, day) is None else None


def _others(ticket: Ticket, customer: Customer, day: date) -> Iterator[Contract]:
    fields = dict(ticket.fields)
    serials = (fields[EQUIPMENT],) if fields.get(EQUIPMENT) else ()
    for contract in customer.contracts.values():
        covers = contract.covers(fields.get(LOCATION, ""), serials) and (not contract.types or ticket.type in contract.types)
        if contract.hours is not None and contract.valid(day) and covers:
            yield contract


def burn(
    ticket: Ticket, activity: Activity, found: BankMatch, organisation: Organisation, at: datetime, by: str, number: int
) -> LedgerEntry:
    """The entry for this activity with the current weights.  `number`: how many entries the activity had before."""
    terms = found.contract.hours or found.bank.terms_on(activity.day)
    parts = weighted(
        activity.charged,
        _stretches(activity, _calendar(ticket, organisation)) if terms.weights.after_hours is not None else _whole(activity),
        terms.weights,
        type=ticket.type,
        travel=activity.kind is WorkKind.TRAVELLED,
        urgent=ticket.priority is Priority.URGENT,
    )
    return LedgerEntry(
        key=f"work:{ticket.id}.{activity.id}:{number}",
        kind=EntryKind.BURN,
        source=EntrySource.WORK,
        day=activity.day,
        seconds=-cost(parts),
        at=at,
        contract=found.contract.name,
        ticket=ticket.id,
        activity=activity.id,
        basis=basis(activity, found.contract),
        parts=parts,
        by=by,
    )


def basis(activity: Activity, contract: Contract) -> str:
    """The values of an activity on which its cost depends, as a text to compare.  The ticket's values are not part of it."""
    start = activity.start.isoformat() if activity.start else "-"
    return f"{contract.name} {activity.kind} {activity.day} {activity.minutes} {activity.charged} {start}"


def _calendar(ticket: Ticket, organisation: Organisation) -> Calendar:
    """The working hours of the ticket's contract or location, else those of its team."""
    return calendar_of(ticket, organisation, organisation.teams.get(ticket.team) or Team(name="", title=""))


def _whole(activity: Activity) -> tuple[WorkStretch, ...]:
    return (WorkStretch(minutes=activity.minutes),)


def _stretches(activity: Activity, calendar: Calendar) -> tuple[WorkStretch, ...]:
    """The activity, split where the working hours begin and end.

    Without a start time it counts as work inside the working hours, up to the working hours of the day.  The rest, and all work on a closed
    day, is outside.
    """
    if activity.start is None:
        begin = datetime.combine(activity.day, time.min, ZoneInfo(calendar.zone))
        end = datetime.combine(activity.day + timedelta(days=1), time.min, ZoneInfo(calendar.zone))
        inside = min(activity.minutes, int(worked(begin, end, calendar) / _MINUTE))
        cut = (WorkStretch(minutes=inside), WorkStretch(minutes=activity.minutes - inside, after_hours=True))
        return tuple(stretch for stretch in cut if stretch.minutes)
    return tuple(_cut(activity.start, activity.start + activity.minutes * _MINUTE, calendar))


def _cut(start: datetime, end: datetime, calendar: Calendar) -> Iterator[WorkStretch]:
    for opens, closes in open_stretches(start, end, calendar):
        if start < opens:
            yield WorkStretch(minutes=round((opens - start) / _MINUTE), after_hours=True)
        yield WorkStretch(minutes=round((closes - opens) / _MINUTE))
        start = closes
    if start < end:
        yield WorkStretch(minutes=round((end - start) / _MINUTE), after_hours=True)
