"""Contracts that end soon and that no other contract renews.  Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from mailbridge.customers.model import Contract, Customer, Customers

THRESHOLDS = (7, 30, 60)  # days before the last day


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractEnd:
    """`threshold`: the smallest of THRESHOLDS that is reached."""

    customer: Customer
    contract: Contract
    until: date
    days: int
    threshold: int

    @property
    def key(self) -> str:
        return f"{self.customer.name}/{self.contract.name}"

    @property
    def responsible(self) -> str:
        """The agent who is responsible for the contract, else for its project; '' where none is named."""
        contract = self.contract
        of_it = (one for one in self.customer.projects.values() if contract.project == one.name or one.contract == contract.name)
        return contract.responsible or next((one.responsible for one in of_it if one.responsible), "")

    @property
    def team(self) -> str:
        """The team of its project; '' where there is none."""
        project = self.customer.projects.get(self.contract.project)
        return project.team if project else ""


def contract_ends(customers: Customers, today: date) -> Iterator[ContractEnd]:
    """The contracts whose last day is today or within the longest of THRESHOLDS, the soonest first."""
    every = ((customer, contract) for customer in customers.by_name.values() for contract in customer.contracts.values())
    ending = (
        ContractEnd(customer=customer, contract=contract, until=contract.until, days=days, threshold=threshold)
        for customer, contract in every
        if contract.until is not None
        and (days := (contract.until - today).days) >= 0
        and (threshold := next((one for one in THRESHOLDS if days <= one), 0))
        and renewal_of(contract, customer) is None
    )
    yield from sorted(ending, key=lambda one: (one.until, one.key))


def renewal_of(contract: Contract, customer: Customer) -> Contract | None:
    """The contract that continues this one."""
    return next((other for other in customer.contracts.values() if other.renews == contract.name), None)
