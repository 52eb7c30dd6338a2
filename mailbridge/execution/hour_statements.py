"""The statement of an hour bank as a CSV file and as a mail."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from mailbridge.customers.following import responsible_agent
from mailbridge.customers.model import Customers
from mailbridge.errors import Permanent
from mailbridge.execution.hour_entries import bank_named, customer_named, find_customer
from mailbridge.notifications.compose import agent_notification
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.reports import HourStatement, StatementRow
from mailbridge.notifications.recipients import Recipient, named
from mailbridge.organisation.model import Organisation
from mailbridge.tickets.hours.planning import HourBank, bank_name, banks_of
from mailbridge.tickets.hours.statement import HEADERS, BankStatement, StatementMonth, as_rows, clock, totals

EVENT = "statement"


def as_csv(statements: Iterable[tuple[BankStatement, Sequence[StatementMonth]]]) -> str:
    """One line for each entry, with the names of the columns first."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([HEADERS, *([_cell(cell) for cell in row] for row in as_rows(statements))])
    return out.getvalue()


def _cell(value: object) -> str:
    """The value as a CSV cell that no spreadsheet reads as a formula.  Negative times stay as they are."""
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "@", "\t", "\r") else text


def banks_named(customers: Customers, who: str, bank: str = "") -> tuple[HourBank, ...]:
    """The hour banks of a customer, else the one of a contract with this name.  `bank`: only this one of the customer.

    Raises Permanent if `who` is neither, if several customers have such a contract, or if there is no such bank.
    """
    if (customer := find_customer(customers, who)) is None:
        owners = [one for one in customers.by_name.values() if who in one.contracts and one.contracts[who].hours is not None]
        if len(owners) > 1:
            raise Permanent(f'several customers have a contract "{who}": name one of {", ".join(one.name for one in owners)}, with --bank')
        if owners:
            return (bank_named(owners[0], bank or bank_name(owners[0].contracts[who], owners[0])),)
        customer = customer_named(customers, who)
    return (bank_named(customer, bank),) if bank or not banks_of(customer) else banks_of(customer)


def recipient_of(bank: HourBank, day: date, customers: Customers, organisation: Organisation, language: str, now: datetime) -> Recipient:
    """Who gets the statement: the contact of the contract that is valid on the day, else the responsible agent or a deputy.

    `language`: the desk's, for somebody whose own is not known.  Raises Permanent if there is nobody.
    """
    contract = bank.contract_at(day)
    if contact := bank.terms_on(day).contact:
        return recipient_at(contact, customers, organisation, language)
    agents = named((responsible_agent(customers.by_name[bank.customer], contract),), organisation, now)
    if not agents:
        what = f'nobody gets the statement of the contract "{contract.name}" of "{bank.customer}"'
        raise Permanent(f"{what}: write `contact` into its hours or `responsible` into the contract, or name an address")
    return agents[0]


def recipient_at(address: str, customers: Customers, organisation: Organisation, language: str) -> Recipient:
    """The person at this address, in the agent's, the person's, else the customer's, else the desk's language."""
    agent = next((one for one in organisation.agents.values() if one.address.lower() == address.lower()), None)
    if agent is not None:
        return Recipient(address=agent.address, name=agent.title, language=agent.language)
    return Recipient(address=address, language=customers.language_at(address) or language)


def statement_mail(
    found: BankStatement, months: Sequence[StatementMonth], customer: str, recipient: Recipient, key: str, desk_address: str
) -> Notification:
    """The mail with the sums of these months as a table and every entry as a CSV file.  `customer`: the name to print.

    `key`: the occasion, so that it is sent once.  At least one month.
    """
    payload = HourStatement(customer=customer, bank=found.bank, rows=tuple(map(_row, months)), csv=as_csv([(found, months)]))
    whole = f"{found.customer}/{found.bank}:{key}"
    return replace(agent_notification(recipient, EVENT, whole, payload, desk_address), audience=Audience.CUSTOMER)


def _row(month: StatementMonth) -> StatementRow:
    sums = totals(month)
    return StatementRow(
        month=f"{month.first:%Y-%m}", granted=clock(sums.granted), used=clock(sums.used), expired=clock(sums.expired),
        adjusted=clock(sums.adjusted), left=clock(sums.left),
    )  # fmt: skip
