"""The hour bank against a ledger that counts second by second and day by day, written from the rules in the manual alone."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from mailbridge.customers.hour_terms import Cycle, CycleStart, HourTerms, Overdraft, PrepaidBlock
from mailbridge.customers.model import Contract
from mailbridge.store.engine import Store
from mailbridge.store.tables.hours import hour_entries
from mailbridge.store.tx import Tx
from mailbridge.tickets.hours.ledger import EntryKind, EntrySource, LedgerEntry, live_burns, reversal
from mailbridge.tickets.hours.planning import HourBank, consequences, due_grants, hours_left
from mailbridge.tickets.hours.standing import standing

START = date(2026, 1, 20)
DAYS = 200
AT = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(slots=True)
class Purse:
    """Hours that were granted together."""

    order: int
    first: date
    last: date | None
    left: int
    monthly: bool = False
    carried: bool = False


class Naive:
    """Every day from the first to the last: what has ended is emptied, what begins is put in, what was worked is taken out."""

    def __init__(self, terms: HourTerms) -> None:
        self.terms = terms
        self.purses: list[Purse] = []
        self.debt = 0
        self.expired = self.billed = self.carried = 0

    def run(self, entries: list[LedgerEntry], today: date) -> None:
        undone = {entry.of for entry in entries if entry.kind is EntryKind.REVERSAL}
        unused: int | None = None
        day = min((entry.day for entry in entries), default=today)
        while day <= today:
            gone = [purse for purse in self.purses if purse.last is not None and purse.last < day]
            for purse in gone:
                self.purses.remove(purse)
                self.expired += purse.left
                if purse.monthly or purse.carried:
                    unused = (unused or 0) + purse.left
            if any(purse.monthly for purse in gone) and self.terms.overdraft is Overdraft.BILLED:
                self.billed, self.debt = self.billed + self.debt, 0
            for order, entry in enumerate(entries):
                if entry.day == day and entry.seconds > 0 and entry.kind in (EntryKind.GRANT, EntryKind.ADJUST):
                    monthly = entry.source is EntrySource.INTERVAL
                    self._put(Purse(order, day, entry.expires, entry.seconds, monthly=monthly))
                    if monthly and unused is not None:
                        self._carry(unused, entry, order)
                        unused = None
            for entry in entries:
                burns = entry.kind is EntryKind.BURN and entry.key not in undone
                if entry.day == day and (burns or (entry.kind is EntryKind.ADJUST and entry.seconds < 0)):
                    self._take(-entry.seconds)
            day += DAY

    def _carry(self, unused: int, entry: LedgerEntry, order: int) -> None:
        over = 10**9 if self.terms.carry_over is None else self.terms.carry_over * 60
        room = 10**9 if self.terms.cap is None else self.terms.cap * 60 - entry.seconds
        carried = max(0, min(unused, over, room))
        self.carried += carried
        if carried:
            self._put(Purse(order, entry.day, entry.expires, carried, carried=True))

    def _put(self, purse: Purse) -> None:
        paid = min(self.debt, purse.left)
        self.debt -= paid
        purse.left -= paid
        self.purses.append(purse)

    def _take(self, seconds: int) -> None:
        while seconds:
            full = [purse for purse in self.purses if purse.left]
            if not full:
                self.debt += seconds
                return
            purse = min(full, key=lambda one: (one.last is None, one.last or date.max, one.first, one.order))
            taken = min(purse.left, seconds)
            purse.left -= taken
            seconds -= taken

    @property
    def balance(self) -> int:
        return sum(purse.left for purse in self.purses) - self.debt


def world(seed: int) -> tuple[HourBank, HourTerms, list[LedgerEntry], date]:
    """A bank after some months of work, corrections, late work, blocks and adjustments; its job ran on some of the days."""
    chance = random.Random(seed)
    terms = HourTerms(
        every=chance.choice([None, Cycle.MONTH, Cycle.MONTH, Cycle.QUARTER]),
        starts=chance.choice(list(CycleStart)),
        grant=chance.choice([60, 600, 1000]),
        carry_over=chance.choice([0, 0, 90, None]),
        cap=chance.choice([None, 700, 2000]),
        overdraft=chance.choice(list(Overdraft)),
        blocks=tuple(
            PrepaidBlock(
                name=str(number), minutes=chance.randint(1, 900), since=first,
                expires=chance.choice([None, first + DAY * chance.randint(0, 90)]),
            )
            for number in range(chance.randint(0, 3))
            for first in [START + DAY * chance.randint(0, DAYS)]
        ),
    )  # fmt: skip
    bank = HourBank(customer="acme", name="gold", contracts=(Contract(name="gold", since=START, hours=terms),))
    entries: list[LedgerEntry] = []
    today = START
    for number in range(120):
        today = min(today + DAY * chance.choice([0, 0, 1, 1, 2, 5, 20]), START + DAY * DAYS)
        if chance.random() < 0.5:
            entries += due_grants(bank, entries, today, AT)
            entries += consequences(entries, today, AT)
        day = max(START, today - DAY * chance.choice([0, 0, 0, 1, 3, 40]))
        entries += act(chance, entries, number, day)
    entries += due_grants(bank, entries, today, AT)
    return bank, terms, entries, today


def act(chance: random.Random, entries: list[LedgerEntry], number: int, day: date) -> list[LedgerEntry]:
    """Work, a correction of work, hours by hand in either direction, or nothing."""
    what = chance.random()
    if what < 0.5:
        return [entry(f"work:{number}", EntryKind.BURN, EntrySource.WORK, day, -chance.randint(1, 9000))]
    if what < 0.7 and (known := live_burns(entries)):
        old = chance.choice(known)
        anew = replace(old, key=f"work:{number}", seconds=-chance.randint(1, 9000))
        return [reversal(old, AT, "ana", "corrected"), *([anew] if chance.random() < 0.8 else [])]
    if what < 0.8:
        seconds = chance.choice([-1, 1]) * chance.randint(1, 20000)
        made = entry(f"hand:{number}", EntryKind.ADJUST, EntrySource.HAND, day, seconds)
        return [replace(made, expires=day + DAY * chance.randint(0, 50)) if seconds > 0 and chance.random() < 0.5 else made]
    return []


def entry(key: str, kind: EntryKind, source: EntrySource, day: date, seconds: int) -> LedgerEntry:
    return LedgerEntry(key=key, kind=kind, source=source, day=day, seconds=seconds, at=AT)


@pytest.mark.parametrize("seed", range(40))
def test_a_bank_holds_what_the_naive_ledger_counts(seed: int) -> None:
    """What is left, overdrawn, expired, carried and billed on any day; with all consequences the sum of the entries is the balance."""
    print("seed", seed)
    _, terms, entries, today = world(seed)
    own = [one for one in entries if one.source in (EntrySource.INTERVAL, EntrySource.BLOCK, EntrySource.HAND, EntrySource.WORK)]
    for day in (today, today - DAY * 17):
        naive = Naive(terms)
        naive.run([one for one in own if one.day <= day], day)
        found = standing(entries, day)
        assert (found.balance, found.over) == (naive.balance, naive.debt)
        assert sum(found.expired.values()) == naive.expired
        assert sum(found.billed.values()) == naive.billed
        assert sum(found.carried.values()) == naive.carried
    entries += consequences(entries, today, AT)
    assert sum(one.seconds for one in entries) == standing(entries, today).balance
    assert consequences(entries, today, AT) == ()
    assert len({one.key for one in entries}) == len(entries)


@pytest.mark.parametrize("seed", range(40))
def test_what_was_recorded_never_changes_what_follows(seed: int) -> None:
    """The days on which the job ran make no difference: without the recorded consequences the bank is the same."""
    print("seed", seed)
    bank, _, entries, today = world(seed)
    bare = [one for one in entries if one.source not in (EntrySource.CARRIED, EntrySource.EXPIRY, EntrySource.BILLED)]
    granted = [one.key for one in bare if one.source is EntrySource.INTERVAL]

    assert standing(bare, today) == standing(entries, today)
    assert granted == [one.key for one in due_grants(bank, [], today, AT) if one.source is EntrySource.INTERVAL]


def test_the_work_of_each_day_as_one_entry_gives_the_same_bank(store: Store) -> None:
    """What a mail reads of a bank, on any day, beside the entries one by one: the whole standing, hours shown, grants due."""
    for seed in range(40):
        bank, _, entries, today = world(seed)
        with store.write() as tx:
            for other in ("gold", "other"):  # another bank and another customer have entries with the same keys
                tx.hours.add("acme", other, entries if other == "gold" else entries[: len(entries) // 2])
            tx.hours.add(f"other {seed}", "gold", entries[::2])
            short, every = tx.hours.for_standing("acme", "gold"), tx.hours.of_bank("acme", "gold")
            _forget(tx)

        assert every == entries, f"seed {seed}"
        assert len(short) < len(entries)
        for day in (today, today - DAY, today - DAY * 17, START, START - DAY):
            assert standing(short, day) == standing(entries, day), f"seed {seed}, {day}"
            assert hours_left(standing(short, day)) == hours_left(standing(entries, day))
        later = today + DAY * 100
        assert due_grants(bank, short, later, AT) == due_grants(bank, entries, later, AT)


def _forget(tx: Tx) -> None:
    """The ledgers are empty for the next world."""
    with tx._sql.direct() as connection:
        connection.execute(hour_entries.delete())
