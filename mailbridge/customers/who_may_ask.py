"""Whether somebody may ask for help for a customer.  Pure."""

from __future__ import annotations

from collections.abc import Iterable

from mailbridge.customers.asking import NotEntitled, WhoMayAsk
from mailbridge.customers.model import Customers


def not_entitled(customers: Customers, address: str, devices_of: Iterable[str] = ()) -> NotEntitled | None:
    """Whether this person may not ask; None where they may.  `devices_of`: the customers whose devices the mail names."""
    own = customers.of(address) if address else None
    customer = own or next((customers.by_name[name] for name in devices_of), None)
    asking = (customer.asking if customer else None) or customers.asking
    whose = customer.name if customer else ""
    who = address or "the writer"
    match asking.who:
        case WhoMayAsk.EVERYBODY:
            return None
        case WhoMayAsk.DOMAIN:
            why = "" if own else f'{who} is nobody of "{whose}"' if whose else f"{who} is nobody of a known customer"
        case WhoMayAsk.LISTED:
            is_listed = own is not None and any(person.address.lower() == address.lower() for person in own.people)
            why = "" if is_listed else f'{who} is not listed for "{whose}"' if whose else f"{who} is nobody of a known customer"
    return NotEntitled(customer=whose, why=why, asking=asking) if why else None
