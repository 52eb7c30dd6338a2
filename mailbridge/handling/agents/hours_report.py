"""`#report hours`: what is left in the hour banks of a customer, with the entries of a month or more."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from mailbridge.customers.model import Customer, Customers
from mailbridge.execution.desk import Desk
from mailbridge.execution.hour_banks import today_of
from mailbridge.execution.hour_entries import find_customer
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.ids import ticket_number
from mailbridge.notifications.payloads.agents import BankRow, EntryRow, HoursReport
from mailbridge.notifications.summary import length
from mailbridge.store.tx import Tx
from mailbridge.tickets.hours.planning import banks_of
from mailbridge.tickets.hours.statement import BankStatement, StatementMonth, clock, of_months, statement
from mailbridge.tickets.hours.view import hours_view
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.permissions import sees

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")
MOST_BANKS = 50  # of a mail about all customers
MOST_ENTRIES = 200


def hours_report(tx: Tx, desk: Desk, mail: PlacedMail, line: str, words: str, ticket: Ticket | None) -> HoursReport:
    """The banks of the customer that the words name, else of the ticket's, with the entries of the months they name (2026-11), else of this
    month; without a customer all banks, and no entries."""
    months = [date(int(found[1]), int(found[2]), 1) for found in _MONTH.finditer(words)]
    first, last = (min(months), max(months)) if months else (mail.now.date().replace(day=1),) * 2
    customers = desk.policy.rules.customers
    customer, unknown = _customer(customers, " ".join(_MONTH.sub(" ", words).split()), ticket)
    found = _statements(tx, desk, mail, (customer,) if customer else () if unknown else tuple(customers.by_name.values()))
    months_of = [(one, month) for one in found for month in of_months(one, first, last)] if customer else []
    hidden = _hidden(tx, desk, mail.agent, (line.ticket for _, month in months_of for line in month.lines))
    entries = [row for one, month in months_of for row in _entries(one, month, desk, hidden)]
    return HoursReport(
        asked=line,
        unknown=unknown,
        first=f"{first:%Y-%m}",
        last=f"{last:%Y-%m}" if last != first else "",
        banks=tuple(_bank(one, customers) for one in found[:MOST_BANKS]),
        rows=tuple(entries[-MOST_ENTRIES:]),
        more=len(entries) - MOST_ENTRIES if len(entries) > MOST_ENTRIES else None,
    )


def _statements(tx: Tx, desk: Desk, mail: PlacedMail, chosen: tuple[Customer, ...]) -> list[BankStatement]:
    banks = (bank for one in chosen for bank in banks_of(one))
    return [
        statement(bank, tx.hours.of_bank(bank.customer, bank.name), today_of(bank, desk, mail.now), mail.now) for bank in banks
    ]  # fmt: skip


def _customer(customers: Customers, who: str, ticket: Ticket | None) -> tuple[Customer | None, str]:
    """The customer that is meant, and the words where nobody is."""
    if not who:
        return (customers.of(ticket.requester.address) if ticket and ticket.requester else None), ""
    found = find_customer(customers, who)
    return found, "" if found else who


def _bank(found: BankStatement, customers: Customers) -> BankRow:
    view, customer = hours_view(found.left), customers.by_name[found.customer]
    return BankRow(
        customer=customer.title or customer.name,
        bank=found.bank,
        left=length(view.left) if view else "",
        granted=length(view.granted) if view else "",
        over=length(view.over) if view and view.over else "",
        until=view.until.isoformat() if view and view.until else "",
    )


def _hidden(tx: Tx, desk: Desk, agent: str, tickets: Iterable[int | None]) -> frozenset[int]:
    """Those of these tickets that the agent may not see, or that are gone."""
    numbers = {number for number in tickets if number}
    seen = {ticket.id for ticket in tx.tickets.get_many(sorted(numbers)) if sees(agent, ticket, desk.organisation)}
    return frozenset(numbers - seen)


def _entries(found: BankStatement, month: StatementMonth, desk: Desk, hidden: frozenset[int]) -> list[EntryRow]:
    """The entries of a month.  Of a ticket that another team hides, the time counts and nothing is said about the work."""
    return [
        EntryRow(
            bank=found.bank,
            day=line.day.isoformat(),
            time=clock(line.seconds),
            balance=clock(line.balance),
            number=ticket_number(desk.config.desk.prefix, line.ticket) if line.ticket and line.ticket not in hidden else "",
            about="" if line.ticket in hidden else line.about,
            hidden=line.ticket in hidden,
        )
        for line in month.lines
    ]
