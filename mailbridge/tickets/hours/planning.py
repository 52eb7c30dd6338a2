"""The entries that are due in a bank: grants of intervals and prepaid blocks that have begun, and derived entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from mailbridge.customers.hour_terms import CycleStart, HourTerms
from mailbridge.customers.model import Contract, Customer
from mailbridge.tickets.hours.ledger import Closing, EntryKind, EntrySource, LedgerEntry
from mailbridge.tickets.hours.standing import BankStanding, standing

_DAY = timedelta(days=1)
_MINUTE = 60
OVER = "over"
LEVELS = ("80", "100", OVER)  # levels that are notified, each once in a period


@dataclass(frozen=True, slots=True, kw_only=True)
class HourBank:
    """A bank of a customer, and the contracts that grant hours to it or take from it, the earliest first."""

    customer: str
    name: str
    contracts: tuple[Contract, ...]

    def contract_at(self, day: date) -> Contract:
        """The contract whose terms count on a day: the valid one, else the latest one before, else the first one."""
        begun = [one for one in self.contracts if one.since is None or one.since <= day]
        valid = next((one for one in begun if one.valid(day)), None)
        return valid or (begun[-1] if begun else self.contracts[0])

    def terms_on(self, day: date) -> HourTerms:
        """The terms of that contract."""
        return self.contract_at(day).hours or HourTerms()


def banks_of(customer: Customer) -> tuple[HourBank, ...]:
    """The banks of the customer, in the order of its contracts in the file."""
    found: dict[str, list[Contract]] = {}
    for contract in customer.contracts.values():
        if contract.hours is not None:
            found.setdefault(bank_name(contract, customer), []).append(contract)
    return tuple(
        HourBank(customer=customer.name, name=name, contracts=tuple(sorted(contracts, key=lambda one: one.since or date.min)))
        for name, contracts in found.items()
    )


def bank_name(contract: Contract, customer: Customer) -> str:
    """The name of the contract's bank: as configured, else that of the contract that it renews, else the contract's own."""
    seen: set[str] = set()
    while not (contract.hours and contract.hours.bank) and contract.name not in seen:
        seen.add(contract.name)
        before = customer.contracts.get(contract.renews)
        if before is None or before.hours is None:
            return contract.name
        contract = before
    return contract.hours.bank if contract.hours and contract.hours.bank else contract.name


def bank_of(contract: Contract, customer: Customer) -> HourBank | None:
    """The bank from which work under this contract takes hours; None if the contract has none."""
    if contract.hours is None:
        return None
    name = bank_name(contract, customer)
    return next(bank for bank in banks_of(customer) if bank.name == name)


def contract_on(contract: Contract, customer: Customer, day: date) -> Contract | None:
    """The contract that is valid on this day: this one, else one of its chain of renewals (before or after it), else None."""
    chain = [contract]
    while (before := customer.contracts.get(chain[0].renews)) is not None and before not in chain:
        chain.insert(0, before)
    while (after := next((one for one in customer.contracts.values() if one.renews == chain[-1].name), None)) and after not in chain:
        chain.append(after)
    return contract if contract.valid(day) else next((one for one in chain if one.valid(day)), None)


def first_day(contract: Contract) -> date:
    """The first day on which work under this contract takes hours: of the bank's terms or the contract, else of its first block."""
    hours = contract.hours or HourTerms()
    named = max((day for day in (hours.since, contract.since) if day is not None), default=None)
    return named or min((block.since for block in hours.blocks), default=date.max)


def due_grants(bank: HourBank, entries: Sequence[LedgerEntry], today: date, at: datetime) -> tuple[LedgerEntry, ...]:
    """The grants of intervals and blocks that have begun and are not in the ledger yet, the earliest first."""
    known = {entry.key for entry in entries}
    every = [entry for contract in bank.contracts for entry in _grants(contract, entries, today, at)]
    return tuple(sorted((entry for entry in every if entry.key not in known), key=lambda entry: entry.day))


def _grants(contract: Contract, entries: Sequence[LedgerEntry], today: date, at: datetime) -> Iterator[LedgerEntry]:
    terms = contract.hours
    if terms is None:
        return
    for block in terms.blocks:
        if block.since <= today:
            yield LedgerEntry(
                key=f"block:{contract.name}:{block.name}", kind=EntryKind.GRANT, source=EntrySource.BLOCK, day=block.since,
                seconds=block.minutes * _MINUTE, at=at, expires=block.expires, contract=contract.name, link=block.name,
            )  # fmt: skip
    closing = Closing(
        carry_over=None if terms.carry_over is None else terms.carry_over * _MINUTE,
        cap=None if terms.cap is None else terms.cap * _MINUTE,
        overdraft=terms.overdraft,
    )
    for first, last in _new_intervals(contract, terms, entries, today):
        yield LedgerEntry(
            key=f"interval:{contract.name}:{first.isoformat()}", kind=EntryKind.GRANT, source=EntrySource.INTERVAL, day=first,
            seconds=terms.grant * _MINUTE, at=at, expires=last, closing=closing, contract=contract.name, link=contract.renews,
        )  # fmt: skip


def _new_intervals(contract: Contract, terms: HourTerms, entries: Sequence[LedgerEntry], today: date) -> Iterator[tuple[date, date]]:
    """The intervals after the last granted one, up to the one that contains today.  None of them overlaps a granted one at its start."""
    if terms.every is None or not terms.grant:
        return
    ends = [entry.expires for entry in entries if entry.source is EntrySource.INTERVAL and entry.contract == contract.name]
    granted = max((end for end in ends if end is not None), default=None)
    day = granted + _DAY if granted is not None else first_day(contract)
    while day <= today and (contract.until is None or day <= contract.until):
        _, last = interval(contract, terms, day)
        yield day, min(last, contract.until or last)
        day = last + _DAY


def interval(contract: Contract, terms: HourTerms, day: date) -> tuple[date, date]:
    """The first and the last day of the interval that contains this day, by the cycle.  Not cut at the contract's first and last day."""
    months = terms.every.months if terms.every else 1
    anchor = first_day(contract) if terms.starts is CycleStart.CONTRACT else date(day.year, 1, 1)
    number = ((day.year - anchor.year) * 12 + day.month - anchor.month) // months
    while _month_on(anchor, number * months) > day:
        number -= 1
    while _month_on(anchor, (number + 1) * months) <= day:
        number += 1
    return _month_on(anchor, number * months), _month_on(anchor, (number + 1) * months) - _DAY


def _month_on(anchor: date, months: int) -> date:
    """The same day `months` later, or the last day of a shorter month."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=anchor.day - 1), following - _DAY)


def consequences(entries: Sequence[LedgerEntry], today: date, at: datetime) -> tuple[LedgerEntry, ...]:
    """The derived entries that are not recorded yet: hours that expired, were carried over or are billed, up to today.

    If work of an ended interval was recorded late, the difference becomes a further entry.  With these entries, the sum of all entries up
    to today is the balance.
    """
    now = standing(entries, today)
    grants = {entry.key: entry for entry in entries if entry.kind in (EntryKind.GRANT, EntryKind.ADJUST)}
    found = [
        *_differences(entries, EntrySource.CARRIED, now.carried, grants, at),
        *_differences(entries, EntrySource.BILLED, now.billed, grants, at),
        *_differences(entries, EntrySource.EXPIRY, {key: -seconds for key, seconds in now.expired.items()}, grants, at),
    ]
    return tuple(found)


def _differences(
    entries: Iterable[LedgerEntry], source: EntrySource, wanted: Mapping[str, int], grants: Mapping[str, LedgerEntry], at: datetime
) -> Iterator[LedgerEntry]:
    recorded: dict[str, list[int]] = {}
    for entry in entries:
        if entry.source is source:
            recorded.setdefault(entry.of, []).append(entry.seconds)
    for of in sorted({*wanted, *recorded}):
        before = recorded.get(of, [])
        difference = wanted.get(of, 0) - sum(before)
        about = grants.get(of.removeprefix("carried:"))
        if difference and about is not None:
            yield _derived(source, of, about, difference, len(before), at)


def _derived(source: EntrySource, of: str, about: LedgerEntry, seconds: int, number: int, at: datetime) -> LedgerEntry:
    first = source is EntrySource.CARRIED and not number
    kind = EntryKind.GRANT if first else EntryKind.EXPIRE if source is EntrySource.EXPIRY else EntryKind.ADJUST
    ends = about.expires or about.day
    return LedgerEntry(
        key=f"{source}:{of}:{number}",
        kind=kind,
        source=source,
        day=about.day if source is EntrySource.CARRIED else ends,
        seconds=seconds,
        at=at,
        of=of,
        expires=about.expires if source is EntrySource.CARRIED else None,
        contract=about.contract,
        link=about.contract,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursLeft:
    """A bank as mails and tables show it, in seconds.  `granted`: by the valid grants.  `over`: how far it is overdrawn.

    `until`: the last day of the hours that expire first; None if none expire.  `later`: what is left after that day.  `period`: the key of
    the newest grant, for alerts.
    """

    left: int
    granted: int
    over: int = 0
    until: date | None = None
    later: int = 0
    period: str = ""

    @property
    def level(self) -> str:
        """The highest level that was reached: over, 100 or 80 (percent used), or '' for none."""
        if self.over:
            return OVER
        used = self.granted - self.left
        return next((level for level in ("100", "80") if used and used * 100 >= self.granted * int(level)), "")


def hours_left(now: BankStanding) -> HoursLeft | None:
    """The bank as people see it; None if it has had neither hours nor work yet.

    Grants that were used up before the newest one began are left out.
    """
    if not now.grants:
        return HoursLeft(left=0, granted=0, over=now.over) if now.over else None
    newest = max(now.grants, key=lambda grant: grant.day)
    # An adjustment begins no period: levels that were notified stay notified when the balance passes them again.
    begun = max((grant for grant in now.grants if not grant.adjusts), key=lambda grant: grant.day, default=newest)
    counted = [grant for grant in now.valid if grant.used_up is None or grant.used_up >= newest.day]
    ends = [grant.expires for grant in counted if grant.expires is not None and (grant.left or not now.left)]
    until = min(ends, default=None)
    later = sum(grant.left for grant in counted if until is not None and (grant.expires is None or grant.expires > until))
    granted = sum(grant.seconds for grant in counted)
    return HoursLeft(left=max(now.balance, 0), granted=granted, over=now.over, until=until, later=later, period=begun.key)
