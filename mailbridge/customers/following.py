"""Who follows the tickets of a customer: the agents who are responsible for the customer, a contract or a project (DK10).  Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from mailbridge.customers.model import Contract, Customer, Customers

CONTRACT, PROJECT = "contract", "project"  # fields of a ticket


def followers(customer: Customer, fields: Mapping[str, str]) -> frozenset[str]:
    """The agents who follow a ticket of the customer with these fields."""
    contract, project = customer.contracts.get(fields.get(CONTRACT, "")), customer.projects.get(fields.get(PROJECT, ""))
    named = (customer.responsible, contract.responsible if contract else "", project.responsible if project else "")
    return frozenset(name for name in named if name)


def followed(customers: Customers, names: Collection[str]) -> frozenset[str]:
    """The customers of whom one of these agents follows tickets."""
    return frozenset(one.name for one in customers.by_name.values() if not set(names).isdisjoint(_all(one)))


def everybody_responsible(customers: Customers) -> frozenset[str]:
    """The agents who are responsible for a customer, a contract or a project."""
    return frozenset(name for one in customers.by_name.values() for name in _all(one) if name)


def responsible_agent(customer: Customer, contract: Contract) -> str:
    """The agent who is responsible for the contract, else for its project, else for the customer; '' if nobody is."""
    project = customer.projects.get(contract.project)
    return contract.responsible or (project.responsible if project else "") or customer.responsible


def watches(customer: Customer, contracts: Collection[Contract], names: Collection[str]) -> bool:
    """Whether one of these agents is responsible for the customer or for one of these contracts or their projects."""
    projects = (customer.projects[one.project] for one in contracts if one.project in customer.projects)
    found = {customer.responsible, *(one.responsible for one in contracts), *(one.responsible for one in projects)}
    return not found.isdisjoint(names)


def _all(customer: Customer) -> Iterator[str]:
    yield customer.responsible
    yield from (contract.responsible for contract in customer.contracts.values())
    yield from (project.responsible for project in customer.projects.values())
