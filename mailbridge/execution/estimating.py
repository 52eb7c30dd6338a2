"""Estimates the work on a new ticket: from a rule, else from its type, else from finished tickets (DK13)."""

from __future__ import annotations

from mailbridge.customers.model import Customers
from mailbridge.execution.desk import Desk
from mailbridge.store.tx import Tx
from mailbridge.tickets.command_types.work import SetEstimate
from mailbridge.tickets.estimates import Estimate, by_history, by_type
from mailbridge.tickets.model import Participant


def estimated(tx: Tx, type: str, requester: Participant | None, desk: Desk) -> SetEstimate | None:
    """The estimate for a ticket of this type without one from a rule; None where neither the type nor the history gives one."""
    if not type:
        return None
    found = by_type(type, desk.organisation) or _from_the_past(tx, type, requester, desk.policy.rules.customers)
    return SetEstimate(minutes=found.minutes, by=found.by, most=found.most) if found else None


def _from_the_past(tx: Tx, type: str, requester: Participant | None, customers: Customers) -> Estimate | None:
    spent = tx.activities.spent(type)
    whose = _customer(requester.address if requester else "", customers)
    own = [one.minutes for one in spent if _customer(one.requester, customers) == whose]
    return by_history(own, [one.minutes for one in spent])


def _customer(address: str, customers: Customers) -> str:
    """The customer's name; an unknown requester counts as a customer alone."""
    known = customers.of(address) if address else None
    return f"customer {known.name}" if known else address.lower()
