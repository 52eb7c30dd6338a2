"""The entries of hour banks.  They are added and never changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import sqlalchemy as sa

from mailbridge.store import dialects
from mailbridge.store.documents import dump, load
from mailbridge.store.sql import Row, Sql, Values
from mailbridge.store.tables.hours import hour_alerts, hour_entries
from mailbridge.tickets.hours.ledger import DERIVED, Closing, EntryKind, EntrySource, LedgerEntry
from mailbridge.tickets.hours.weights import WeightedPart

_BANK = (hour_entries.c.customer == sa.bindparam("customer"), hour_entries.c.bank == sa.bindparam("bank"))
_OF_BANK = sa.select(hour_entries).where(*_BANK).order_by(hour_entries.c.id)
_OF_TICKET = sa.select(hour_entries).where(hour_entries.c.ticket == sa.bindparam("of")).order_by(hour_entries.c.id)
_REVERSED = sa.select(hour_entries.c.subject).where(*_BANK, hour_entries.c.kind == EntryKind.REVERSAL)
_WORK = (EntryKind.BURN, EntryKind.REVERSAL)
_NOT_WORK = _OF_BANK.where(hour_entries.c.kind.not_in(_WORK), hour_entries.c.source.not_in(sorted(DERIVED)))
_WORKED = (
    sa.select(hour_entries.c.day, sa.func.sum(hour_entries.c.seconds).label("seconds"))
    .where(*_BANK, hour_entries.c.kind == EntryKind.BURN, hour_entries.c.key.not_in(_REVERSED))
    .group_by(hour_entries.c.day)
    .order_by(hour_entries.c.day)
)
_NEW = dialects.insert_new(hour_entries)
_AFTER = sa.select(hour_entries.c.customer, hour_entries.c.bank, hour_entries.c.id).where(hour_entries.c.id > sa.bindparam("last"))
_TOLD = dialects.insert_new(hour_alerts)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """An entry with its bank and its number."""

    id: int
    customer: str
    bank: str
    entry: LedgerEntry


class Hours:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def of_bank(self, customer: str, bank: str) -> list[LedgerEntry]:
        """The entries of the bank in order of their recording."""
        return [_entry(row) for row in self._sql.rows(_OF_BANK, {"customer": customer, "bank": bank})]

    def for_standing(self, customer: str, bank: str) -> list[LedgerEntry]:
        """Entries that give the same standing as all entries of the bank: its grants and adjustments in order of their recording, and for
        each day one burn of all work that stands.  What is computed from other entries is left out.  The `at` of a burn is that of its day.
        """
        values = {"customer": customer, "bank": bank}
        return [*map(_entry, self._sql.rows(_NOT_WORK, values)), *map(_burn_of_day, self._sql.rows(_WORKED, values))]

    def of_ticket(self, ticket: int) -> list[StoredEntry]:
        """What the work on the ticket took from banks and what was given back, in order of their recording."""
        rows = self._sql.rows(_OF_TICKET, {"of": ticket})
        return [StoredEntry(id=row.id, customer=row.customer, bank=row.bank, entry=_entry(row)) for row in rows]

    def add(self, customer: str, bank: str, entries: Iterable[LedgerEntry]) -> int:
        """Adds the entries whose keys the bank does not have yet; how many those were."""
        return sum(self._sql.change(_NEW, _columns(customer, bank, entry)) for entry in entries)

    def changed_after(self, last: int) -> list[tuple[str, str, int]]:
        """Customer, bank and number of each entry after this number."""
        return [(row.customer, row.bank, row.id) for row in self._sql.rows(_AFTER, {"last": last})]

    def tell(self, customer: str, bank: str, period: str, level: str, at: datetime) -> bool:
        """Whether this level of the period is told now for the first time."""
        return bool(self._sql.change(_TOLD, {"customer": customer, "bank": bank, "period": period, "level": level, "at": at}))


def _burn_of_day(row: Row) -> LedgerEntry:
    day = date.fromisoformat(row.day)
    at = datetime.combine(day, time.min, UTC)
    return LedgerEntry(key=f"day:{row.day}", kind=EntryKind.BURN, source=EntrySource.WORK, day=day, seconds=int(row.seconds), at=at)


def _columns(customer: str, bank: str, entry: LedgerEntry) -> Values:
    return {
        "customer": customer,
        "bank": bank,
        "key": entry.key,
        "kind": str(entry.kind),
        "source": str(entry.source),
        "day": entry.day.isoformat(),
        "seconds": entry.seconds,
        "at": entry.at,
        "subject": entry.of,
        "expires": entry.expires.isoformat() if entry.expires else None,
        "closing": dump(entry.closing) if entry.closing else "",
        "contract": entry.contract,
        "ticket": entry.ticket,
        "activity": entry.activity,
        "basis": entry.basis,
        "parts": dump(entry.parts) if entry.parts else "",
        "reason": entry.reason,
        "link": entry.link,
        "actor": entry.by,
    }


def _entry(row: Row) -> LedgerEntry:
    return LedgerEntry(
        key=row.key,
        kind=EntryKind(row.kind),
        source=EntrySource(row.source),
        day=date.fromisoformat(row.day),
        seconds=row.seconds,
        at=row.at,
        of=row.subject,
        expires=date.fromisoformat(row.expires) if row.expires else None,
        closing=load(row.closing, Closing) if row.closing else None,
        contract=row.contract,
        ticket=row.ticket,
        activity=row.activity,
        basis=row.basis,
        parts=_parts(row.parts),
        reason=row.reason,
        link=row.link,
        by=row.actor,
    )


def _parts(text: str) -> tuple[WeightedPart, ...]:
    parts: Any = load(text, tuple[WeightedPart, ...]) if text else ()
    return tuple(parts)
