"""Hours by hand: an administrator grants hours to a bank or adjusts it.  Each is an entry; a mistake is answered by another one."""

from __future__ import annotations

from datetime import date, datetime
from difflib import get_close_matches

from mailbridge.customers.model import Customer, Customers
from mailbridge.errors import Permanent
from mailbridge.store.tx import Tx
from mailbridge.tickets.hours.ledger import EntryKind, EntrySource, LedgerEntry
from mailbridge.tickets.hours.planning import HourBank, banks_of, first_day


def find_customer(customers: Customers, who: str) -> Customer | None:
    """By name, title, mail address or domain; None where nobody is known by it."""
    key = who.strip().lower()
    names = _names(customers)
    if key in names:
        return customers.by_name[names[key]]
    return customers.of(key if "@" in key else f"x@{key}") if "." in key else None


def customer_named(customers: Customers, who: str) -> Customer:
    """The same.  Raises Permanent where nobody is known by it, with what was perhaps meant."""
    found = find_customer(customers, who)
    if found is not None:
        return found
    names = _names(customers)
    near = get_close_matches(who.strip().lower(), names, n=1, cutoff=0.5)
    raise Permanent(f'there is no customer "{who}"' + (f': did you mean "{names[near[0]]}"?' if near else ""))


def _names(customers: Customers) -> dict[str, str]:
    """Names and titles in small letters -> name."""
    titles = {one.title.lower(): one.name for one in customers.by_name.values() if one.title}
    return titles | {name.lower(): name for name in customers.by_name}


def bank_named(customer: Customer, name: str = "") -> HourBank:
    """The customer's bank of this name; without one its only bank.  Raises Permanent where that is unclear."""
    banks = {bank.name: bank for bank in banks_of(customer)}
    known = ", ".join(banks)
    if not banks:
        raise Permanent(f'no contract of "{customer.name}" has hours: write `hours` into one of them')
    if name:
        if name not in banks:
            raise Permanent(f'"{customer.name}" has no hour bank "{name}"; it has: {known}')
        return banks[name]
    if len(banks) > 1:
        raise Permanent(f'"{customer.name}" has several hour banks; name one of: {known}')
    return next(iter(banks.values()))


def add_by_hand(
    tx: Tx, bank: HourBank, kind: EntryKind, seconds: int, day: date, now: datetime, *, reason: str, by: str,
    expires: date | None = None, link: str = "", ticket: int | None = None,
) -> LedgerEntry:  # fmt: skip
    """The entry, added to the bank.  Raises Permanent where it says nothing, or counts before the bank begins."""
    if not seconds or (kind is EntryKind.GRANT and seconds < 0):
        raise Permanent("a grant needs a time of more than nothing; hours are taken back with `mailbridge hours adjust`")
    if not reason.strip():
        raise Permanent("the entry needs a reason, which the statement shows")
    begins = min(first_day(contract) for contract in bank.contracts)
    if day < begins:
        raise Permanent(f'{day} is before the hour bank "{bank.name}" begins ({begins})')
    if expires is not None and expires < day:
        raise Permanent(f"the hours would expire on {expires}, before they count ({day})")
    number = sum(entry.source is EntrySource.HAND for entry in tx.hours.of_bank(bank.customer, bank.name))
    entry = LedgerEntry(
        key=f"hand:{number}", kind=kind, source=EntrySource.HAND, day=day, seconds=seconds, at=now, expires=expires,
        reason=reason.strip(), link=link, ticket=ticket, by=by,
    )  # fmt: skip
    if not tx.hours.add(bank.customer, bank.name, [entry]):
        raise Permanent("somebody else added an entry at the same moment; look at the statement, then try again")
    return entry
