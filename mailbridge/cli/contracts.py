"""The list of `mailbridge customers contracts`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import click

from mailbridge.cli.show import print_table

if TYPE_CHECKING:
    from mailbridge.customers.model import Contract, Customer, Customers
    from mailbridge.organisation.model import Organisation


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedContract:
    """A row of the list.  `state`: valid, ends, renewed, ended, later.  `days`: until its last day; negative after it, None without one."""

    customer: str
    contract: str
    type: str
    sla: str
    since: date | None
    until: date | None
    responsible: str
    state: str
    days: int | None
    renewed_by: str


def listed(customers: Customers, organisation: Organisation, ending: str | None) -> list[ListedContract]:
    """All contracts, sorted by their last day.  `ending`: a duration; only contracts that end within it and are not renewed."""
    from mailbridge.clock import SystemClock
    from mailbridge.config.durations import duration
    from mailbridge.config.reading import Wrong

    today = organisation.day_of(SystemClock().now())
    every = (_row(customer, one, today) for customer in customers.by_name.values() for one in customer.contracts.values())
    rows = sorted(every, key=lambda row: (row.until or date.max, row.customer, row.contract))
    if ending is None:
        return rows
    try:
        within = duration(ending).days
    except Wrong as wrong:
        raise click.UsageError(f"--ending: {wrong}") from None
    return [row for row in rows if row.state in ("valid", "ends") and row.days is not None and row.days <= within]


def print_contracts(rows: Sequence[ListedContract]) -> None:
    headers = ("CUSTOMER", "CONTRACT", "TYPE", "LEVEL", "FROM", "UNTIL", "RESPONSIBLE", "STATE")
    cells = [(r.customer, r.contract, r.type, r.sla, r.since or "", r.until or "", r.responsible, _state(r)) for r in rows]
    print_table(headers, cells, empty="no contracts")


def _row(customer: Customer, contract: Contract, today: date) -> ListedContract:
    from mailbridge.customers.contract_ends import THRESHOLDS, renewal_of

    renewal = renewal_of(contract, customer)
    days = (contract.until - today).days if contract.until else None
    if days is not None and days < 0:
        state = "ended"
    elif contract.since is not None and today < contract.since:
        state = "later"
    elif renewal is not None:
        state = "renewed"
    else:
        state = "ends" if days is not None and days <= max(THRESHOLDS) else "valid"
    return ListedContract(
        customer=customer.name,
        contract=contract.name,
        type=contract.type,
        sla=contract.sla,
        since=contract.since,
        until=contract.until,
        responsible=contract.responsible,
        state=state,
        days=days,
        renewed_by=renewal.name if renewal else "",
    )


def _state(row: ListedContract) -> str:
    match row.state:
        case "later":
            return "not valid yet"
        case "renewed":
            return f"renewed by {row.renewed_by}"
        case "ends":
            return "ends today" if row.days == 0 else f"ends in {row.days} day{'' if row.days == 1 else 's'}"
    return row.state
