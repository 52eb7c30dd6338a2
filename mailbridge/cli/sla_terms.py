"""The terms of a ticket's SLA targets: the contract as it was in the rules when it was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailbridge.customers.model import Contract, Customer, Customers
    from mailbridge.rules.policy import Policy
    from mailbridge.store.tx import Tx
    from mailbridge.tickets.model import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The contract of a ticket under the rules by which it was chosen.

    `since`: when these rules were first in force.  `contract`: None where the ticket has none, or where these rules cannot be loaded.
    `changed`: the contract was changed since, or no longer exists.
    """

    rules_version: str
    since: datetime | None
    contract: Contract | None
    changed: bool


def terms_of(tx: Tx, ticket: Ticket, policy: Policy) -> Terms:
    """The terms that are stored with the ticket.  A ticket of an earlier release has none; the rules at its opening are used."""
    from mailbridge.rules.load import load
    from mailbridge.tickets.handlers.contracts import CONTRACT

    version = ticket.promised_under or ticket.rules_version
    texts = tx.policies.get(version) if version else None
    then = load(texts).policy if texts else None
    name = dict(ticket.fields).get(CONTRACT, "")
    address = ticket.requester.address if ticket.requester else ""
    customer = policy.rules.customers.of(address) or (then.rules.customers.of(address) if then else None)
    contract = _contract(then.rules.customers, customer, name) if then else None
    now = _contract(policy.rules.customers, customer, name)
    return Terms(
        rules_version=version,
        since=tx.policies.first_used(version) if version else None,
        contract=contract,
        changed=contract is not None and contract != now,
    )


def _contract(customers: Customers, customer: Customer | None, name: str) -> Contract | None:
    """The customer's contract of this name in `customers`; None where there is none."""
    found = customers.by_name.get(customer.name) if customer else None
    return found.contracts.get(name) if found else None


def as_json(terms: Terms) -> dict[str, object]:
    return {
        "rules_version": terms.rules_version or None,
        "since": terms.since,
        "contract": _values(terms.contract) if terms.contract else None,
        "changed": terms.changed,
    }


def _values(contract: Contract) -> dict[str, object]:
    return {
        "name": contract.name,
        "type": contract.type or None,
        "sla": contract.sla or None,
        "levels": [{"sla": one.sla, "type": one.type or None, "priority": one.priority or None} for one in contract.levels],
        "since": contract.since,
        "until": contract.until,
        "calendar": contract.calendar or None,
        "equipment": list(contract.equipment),
        "locations": list(contract.locations),
        "types": list(contract.types),
    }


def line(terms: Terms) -> str:
    """The terms as one line of text; '' where the version of the rules is not known."""
    from mailbridge.cli.contract_line import contract_line

    if not terms.rules_version:
        return ""
    since = f" (first in force {terms.since:%Y-%m-%d %H:%M} UTC)" if terms.since else ""
    contract = f": {contract_line(terms.contract)}" if terms.contract else ""
    changed = "; the contract has changed since" if terms.changed else ""
    return f"promised under rules version {terms.rules_version}{since}{contract}{changed}"
