"""Computes a bank from its entries: the hours left, expired, carried over and billed, and how far it is overdrawn.

Work takes the hours that expire first, those that never expire last, and of equal ones those that were granted first.  One activity may
take from several grants.  Work that no grant covers overdraws the bank.  The next grant pays for it, unless the end of an interval writes
it off.  Each entry counts on its day, whenever it was recorded: late work takes the hours that it would have taken in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from mailbridge.customers.hour_terms import Overdraft
from mailbridge.tickets.hours.ledger import DERIVED, Closing, EntryKind, EntrySource, LedgerEntry, live_burns

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantLeft:
    """A grant and the seconds that are left of it.  `used_up`: the day on which its last second was taken.  `adjusts`: hours that were
    added by an adjustment."""

    key: str
    day: date
    expires: date | None
    seconds: int
    left: int
    used_up: date | None = None
    adjusts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BankStanding:
    """A bank at the end of a day, in seconds.  `grants`: all that have begun, also used and expired ones, by day.

    `over`: how far it is overdrawn.  `expired`, `billed`: by the key of the grant.  `carried`: by the key of the interval's grant to which
    they were added.
    """

    day: date
    grants: tuple[GrantLeft, ...] = ()
    over: int = 0
    expired: Mapping[str, int] = field(default_factory=dict)
    carried: Mapping[str, int] = field(default_factory=dict)
    billed: Mapping[str, int] = field(default_factory=dict)

    @property
    def valid(self) -> tuple[GrantLeft, ...]:
        """The grants that have not expired."""
        return tuple(grant for grant in self.grants if grant.expires is None or self.day <= grant.expires)

    @property
    def left(self) -> int:
        return sum(grant.left for grant in self.valid)

    @property
    def balance(self) -> int:
        """What is left; negative if the bank is overdrawn."""
        return self.left - self.over


@dataclass(slots=True)
class _Lot:
    """A grant during the computation (mutable)."""

    key: str
    day: date
    expires: date | None
    seconds: int
    left: int
    source: EntrySource
    closing: Closing | None
    used_up: date | None = None
    adjusts: bool = False

    def take(self, wanted: int, day: date) -> int:
        """Takes up to `wanted` seconds; the seconds that were taken."""
        taken = min(wanted, self.left)
        self.left -= taken
        if taken and not self.left:
            self.used_up = day
        return taken


def standing(entries: Iterable[LedgerEntry], day: date) -> BankStanding:
    """The bank at the end of this day.  `entries`: in the order in which they were recorded.

    Expiry, carry-over and billing are computed here.  Derived entries are ignored.
    """
    own = [entry for entry in entries if entry.source not in DERIVED and entry.day <= day]
    return _Walk(day).through(own)


class _Walk:
    """One pass over the entries of a bank, by day."""

    def __init__(self, day: date) -> None:
        self._day = day
        self._lots: list[_Lot] = []
        self._active: list[_Lot] = []
        self._over = 0
        self._unused = 0  # seconds of ended intervals, until the next one begins
        self._closing: Closing | None = None  # of the interval that ended last
        self._expired: dict[str, int] = {}
        self._carried: dict[str, int] = {}
        self._billed: dict[str, int] = {}

    def through(self, entries: Sequence[LedgerEntry]) -> BankStanding:
        lots = sorted((entry for entry in entries if _adds(entry)), key=lambda entry: entry.day)
        draws = sorted((*live_burns(entries), *(entry for entry in entries if _takes(entry))), key=lambda entry: entry.day)
        adding, taking = 0, 0
        for day in _days(lots, draws, self._day):
            self._close(day)
            while adding < len(lots) and lots[adding].day == day:
                self._begin(lots[adding])
                adding += 1
            while taking < len(draws) and draws[taking].day == day:
                self._take(-draws[taking].seconds, day)
                taking += 1
        return self._standing()

    def _close(self, day: date) -> None:
        """Closes the grants that expired before this day."""
        ended = [lot for lot in self._active if lot.expires is not None and lot.expires < day]
        if not ended:
            return
        self._active = [lot for lot in self._active if lot not in ended]
        for lot in ended:
            if lot.left:
                self._expired[lot.key] = lot.left
            if lot.closing is not None:
                self._unused += lot.left
                self._closing = lot.closing
        writes_off = (
            lot for lot in ended if lot.source is EntrySource.INTERVAL and lot.closing and lot.closing.overdraft is Overdraft.BILLED
        )
        ending = next(writes_off, None)
        if ending is not None and self._over:
            self._billed[ending.key], self._over = self._over, 0

    def _begin(self, entry: LedgerEntry) -> None:
        self._add(_Lot(key=entry.key, day=entry.day, expires=entry.expires, seconds=entry.seconds, left=entry.seconds,
                       source=entry.source, closing=entry.closing, adjusts=entry.kind is EntryKind.ADJUST))  # fmt: skip
        if entry.source is EntrySource.INTERVAL and self._closing is not None:
            carried = _carried(self._unused, entry.seconds, self._closing)
            self._unused, self._closing = 0, None
            if carried:
                self._carried[entry.key] = carried
                self._add(_Lot(key=f"carried:{entry.key}", day=entry.day, expires=entry.expires, seconds=carried, left=carried,
                               source=EntrySource.CARRIED, closing=entry.closing))  # fmt: skip

    def _add(self, lot: _Lot) -> None:
        self._over -= lot.take(self._over, lot.day)
        self._lots.append(lot)
        if lot.expires is None or lot.expires >= lot.day:
            self._active.append(lot)
            self._active.sort(key=lambda one: (one.expires or date.max, one.day))

    def _take(self, seconds: int, day: date) -> None:
        for lot in self._active:
            if not seconds:
                return
            seconds -= lot.take(seconds, day)
        self._over += seconds

    def _standing(self) -> BankStanding:
        active = {lot.key for lot in self._active}
        grants = (
            GrantLeft(key=lot.key, day=lot.day, expires=lot.expires, seconds=lot.seconds,
                      left=lot.left if lot.key in active else 0, used_up=lot.used_up, adjusts=lot.adjusts)
            for lot in self._lots
        )  # fmt: skip
        return BankStanding(
            day=self._day, grants=tuple(grants), over=self._over, expired=self._expired, carried=self._carried, billed=self._billed
        )


def _adds(entry: LedgerEntry) -> bool:
    return entry.kind is EntryKind.GRANT or (entry.kind is EntryKind.ADJUST and entry.seconds > 0)


def _takes(entry: LedgerEntry) -> bool:
    return entry.kind is EntryKind.ADJUST and entry.seconds < 0


def _days(lots: Iterable[LedgerEntry], draws: Iterable[LedgerEntry], last: date) -> Iterator[date]:
    """The days up to `last`, itself included, on which a grant begins or ends or work is taken, in order."""
    ends = (lot.expires + _DAY for lot in lots if lot.expires is not None and lot.expires < last)
    yield from sorted({*(lot.day for lot in lots), *ends, *(draw.day for draw in draws), last})


def _carried(unused: int, granted: int, closing: Closing) -> int:
    """The unused seconds that are carried into an interval whose own grant is `granted` seconds."""
    most = unused if closing.carry_over is None else min(unused, closing.carry_over)
    return most if closing.cap is None else max(0, min(most, closing.cap - granted))
