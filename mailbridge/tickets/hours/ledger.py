"""The entries of an hour bank.  Entries are only added.  `standing` computes the bank from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from mailbridge.customers.hour_terms import Overdraft
from mailbridge.tickets.hours.weights import WeightedPart


class EntryKind(StrEnum):
    GRANT = "grant"
    BURN = "burn"
    REVERSAL = "reversal"  # reverses a whole burn
    EXPIRE = "expire"
    ADJUST = "adjust"


class EntrySource(StrEnum):
    """Where an entry comes from."""

    INTERVAL = "interval"  # the hours of a month, quarter or year
    BLOCK = "block"  # a prepaid block of the contract
    CARRIED = "carried"  # unused hours of the interval before
    WORK = "work"  # an activity on a ticket
    EXPIRY = "expiry"
    BILLED = "billed"  # work beyond the hours of an interval that has ended
    HAND = "hand"  # `mailbridge hours grant` and `adjust`


DERIVED = frozenset({EntrySource.CARRIED, EntrySource.EXPIRY, EntrySource.BILLED})
"""Sources of entries that are computed from other entries.  Late work is corrected by a further entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What happens when the interval of a grant ends, in seconds.  Stored with the grant, so that new rules do not change the past."""

    carry_over: int | None = 0
    cap: int | None = None
    overdraft: Overdraft = Overdraft.BILLED


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One entry of a bank.  `key`: unique in the bank.  `seconds`: added, or taken if negative.  `day`: from when it counts.

    `of`: the key of the entry that it refers to: the burn that it reverses, or the grant that expires.  `expires`: the last day on which
    its hours can be used.  `link`: a ticket number, a contract or an invoice.  `basis`: see `burns.basis`.
    """

    key: str
    kind: EntryKind
    source: EntrySource
    day: date
    seconds: int
    at: datetime  # when it was recorded
    of: str = ""
    expires: date | None = None
    closing: Closing | None = None
    contract: str = ""
    ticket: int | None = None
    activity: int | None = None
    basis: str = ""
    parts: tuple[WeightedPart, ...] = ()
    reason: str = ""
    link: str = ""
    by: str = ""  # agent or administrator


def reversed_keys(entries: Iterable[LedgerEntry]) -> frozenset[str]:
    """The keys of reversed burns."""
    return frozenset(entry.of for entry in entries if entry.kind is EntryKind.REVERSAL)


def live_burns(entries: Iterable[LedgerEntry]) -> tuple[LedgerEntry, ...]:
    """The burns that were not reversed."""
    entries = tuple(entries)
    gone = reversed_keys(entries)
    return tuple(entry for entry in entries if entry.kind is EntryKind.BURN and entry.key not in gone)


def reversal(burn: LedgerEntry, at: datetime, by: str, reason: str) -> LedgerEntry:
    """The entry that reverses this burn."""
    return LedgerEntry(
        key=f"reversal:{burn.key}",
        kind=EntryKind.REVERSAL,
        source=burn.source,
        day=burn.day,
        seconds=-burn.seconds,
        at=at,
        of=burn.key,
        contract=burn.contract,
        ticket=burn.ticket,
        activity=burn.activity,
        reason=reason,
        link=burn.link,
        by=by,
    )
