"""The statement of an hour bank: its entries by month, with the balance before and after each month.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from mailbridge.tickets.hours.ledger import EntryKind, EntrySource, LedgerEntry
from mailbridge.tickets.hours.planning import HourBank, HoursLeft, consequences, due_grants, hours_left
from mailbridge.tickets.hours.standing import standing


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """An entry for display, in seconds.  `balance`: of the bank after it.  `about`: the purpose of the entry, in English."""

    day: date
    kind: str
    source: str
    seconds: int
    balance: int
    about: str
    ticket: int | None
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementMonth:
    """A month of a statement.  `first`: its first day.  `opening`, `closing`: the balance in seconds."""

    first: date
    opening: int
    closing: int
    lines: tuple[StatementLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthTotals:
    """A month in sums, in seconds.  The balance before it + `granted` - `used` - `expired` + `adjusted` is `left`.

    `used`: work, without what was given back.  `left`: the balance at the end of the month, negative if the bank is overdrawn.
    """

    granted: int
    used: int
    expired: int
    adjusted: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BankStatement:
    """The statement of one bank.  `left`: the bank on `day`; None if it has had neither hours nor work yet."""

    customer: str
    bank: str
    day: date
    left: HoursLeft | None
    months: tuple[StatementMonth, ...]


def statement(bank: HourBank, entries: Sequence[LedgerEntry], today: date, at: datetime) -> BankStatement:
    """All months of the bank up to today.  Entries that are due and not recorded yet are included."""
    every = [*entries, *due_grants(bank, entries, today, at)]
    every += consequences(every, today, at)
    shown = sorted((entry for entry in every if entry.day <= today), key=_place)
    months: list[StatementMonth] = []
    balance = 0
    for first in sorted({entry.day.replace(day=1) for entry in shown}):
        lines: list[StatementLine] = []
        opening = balance
        for entry in (one for one in shown if one.day.replace(day=1) == first):
            balance += entry.seconds
            lines.append(_line(entry, balance))
        months.append(StatementMonth(first=first, opening=opening, closing=balance, lines=tuple(lines)))
    return BankStatement(customer=bank.customer, bank=bank.name, day=today, left=hours_left(standing(every, today)), months=tuple(months))


def _place(entry: LedgerEntry) -> tuple[date, int]:
    """The sort key: on one day grants come first, expiry and billing last."""
    last = entry.source in (EntrySource.EXPIRY, EntrySource.BILLED)
    return entry.day, 2 if last else 0 if entry.kind is EntryKind.GRANT else 1


def _line(entry: LedgerEntry, balance: int) -> StatementLine:
    return StatementLine(
        day=entry.day, kind=entry.kind, source=entry.source, seconds=entry.seconds, balance=balance, about=about(entry),
        ticket=entry.ticket, by=entry.by,
    )  # fmt: skip


def about(entry: LedgerEntry) -> str:
    """The purpose of the entry, in English."""
    until = f", until {entry.expires}" if entry.expires else ""
    match entry.source:
        case EntrySource.INTERVAL:
            return f"hours of the contract {entry.contract}{until}" + (f", renews {entry.link}" if entry.link else "")
        case EntrySource.BLOCK:
            return f"prepaid block {entry.link}{until}"
        case EntrySource.CARRIED:
            return ("carried over" if entry.kind is EntryKind.GRANT else "carried over, corrected by late work") + until
        case EntrySource.EXPIRY:
            return "expired" if entry.seconds <= 0 else "expired, corrected by late work"
        case EntrySource.BILLED:
            return "beyond the hours, to be billed" if entry.seconds >= 0 else "beyond the hours, corrected"
        case EntrySource.HAND:
            return ", ".join(filter(None, (entry.reason, entry.link))) + until
        case EntrySource.WORK:
            return f"given back: {entry.reason}" if entry.kind is EntryKind.REVERSAL else f"work: {_parts(entry)}"


def _parts(entry: LedgerEntry) -> str:
    return " + ".join(_weighed(part.minutes, part.percent, part.why) for part in entry.parts)


def _weighed(minutes: int, percent: int, why: str) -> str:
    return clock(minutes * 60) + (f" × {percent / 100:g} {why}" if percent != 100 else "")


def clock(seconds: int) -> str:
    """Hours and minutes: 5400 as 1:30.  Seconds are shown if there are any."""
    minutes, rest = divmod(abs(seconds), 60)
    sign = "-" if seconds < 0 else ""
    return f"{sign}{minutes // 60}:{minutes % 60:02d}" + (f":{rest:02d}" if rest else "")


def of_months(found: BankStatement, first: date, last: date) -> tuple[StatementMonth, ...]:
    """The months whose first day is from `first` to `last`."""
    return tuple(month for month in found.months if first <= month.first <= last)


def totals(month: StatementMonth) -> MonthTotals:
    """The sums of the entries of the month."""

    def of(*kinds: EntryKind) -> int:
        return sum(line.seconds for line in month.lines if line.kind in kinds)

    return MonthTotals(
        granted=of(EntryKind.GRANT),
        used=-of(EntryKind.BURN, EntryKind.REVERSAL),
        expired=-of(EntryKind.EXPIRE),
        adjusted=of(EntryKind.ADJUST),
        left=month.closing,
    )


def as_rows(statements: Iterable[tuple[BankStatement, Sequence[StatementMonth]]]) -> list[list[object]]:
    """One row for each entry, for a table or a CSV file."""
    return [[one.customer, one.bank, *_cells(line)] for one, months in statements for month in months for line in month.lines]


def _cells(line: StatementLine) -> list[object]:
    return [line.day, line.kind, line.source, clock(line.seconds), clock(line.balance), line.ticket or "", line.by, line.about]


HEADERS = ("customer", "bank", "day", "kind", "source", "time", "balance", "ticket", "by", "about")
