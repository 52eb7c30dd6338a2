"""What an hour bank costs a mail that shows it: `python -m benchmarks.hours`.  Prints the figures and leaves 1 where one is missed.

the hours left in a bank with 7,000 entries (two years of a month's hours, ten activities a day, each tenth corrected): at most 15 ms of
processor time; beside that the same from all entries, one by one
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, date, datetime, timedelta
from tempfile import TemporaryDirectory
from time import process_time

from benchmarks.clocks import timed
from benchmarks.rules import Figure
from mailbridge.store.engine import Store
from mailbridge.tickets.hours.ledger import Closing, EntryKind, EntrySource, LedgerEntry, reversal
from mailbridge.tickets.hours.planning import hours_left
from mailbridge.tickets.hours.standing import standing

FIRST, DAY = date(2024, 1, 1), timedelta(days=1)
AT = datetime(2024, 1, 1, tzinfo=UTC)
BANK = ("acme", "support")
HOUR = 3600


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=7_000)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/hours.db")
        store.upgrade()
        entries = ledger(asked.entries)
        with store.write() as tx:
            tx.hours.add(*BANK, entries)
        figures = [by_days(store, entries), all_of_them(store, entries)]
        store.close()
    for figure in figures:
        print(figure)
    return 0 if all(figure.met for figure in figures) else 1


def ledger(many: int) -> list[LedgerEntry]:
    """So many entries: grants of each month, work on each day, corrections."""
    made: list[LedgerEntry] = []
    day = FIRST
    while len(made) < many:
        if day.day == 1:
            closing, last = Closing(carry_over=20 * HOUR), (day + 31 * DAY).replace(day=1) - DAY
            made.append(LedgerEntry(key=f"interval:base:{day}", kind=EntryKind.GRANT, source=EntrySource.INTERVAL, day=day,
                                    seconds=200 * HOUR, at=AT, expires=last, closing=closing, contract="base"))  # fmt: skip
        for number in range(10):
            burn = LedgerEntry(key=f"work:{day}:{number}", kind=EntryKind.BURN, source=EntrySource.WORK, day=day,
                               seconds=-900 - number, at=AT, ticket=number + 1, activity=1)  # fmt: skip
            made.append(burn)
            if number == 3:
                made.append(reversal(burn, AT, "ana", "corrected"))
        day += DAY
    return made[:many]


def by_days(store: Store, entries: list[LedgerEntry]) -> Figure:
    """As a mail asks, with the work of each day as one entry."""
    today = entries[-1].day

    def ask() -> None:
        with store.read() as tx:
            assert hours_left(standing(tx.hours.for_standing(*BANK), today)) == expected

    expected = hours_left(standing(entries, today))
    return Figure(f"the hours left in a bank with {len(entries):,} entries", timed(ask, process_time, rounds=20), "ms", 15)


def all_of_them(store: Store, entries: list[LedgerEntry]) -> Figure:
    """As a statement asks, which lists each entry."""
    today = entries[-1].day

    def ask() -> None:
        with store.read() as tx:
            assert hours_left(standing(tx.hours.of_bank(*BANK), today)) is not None

    return Figure("the same from each entry", timed(ask, process_time, rounds=5), "ms", 400)


if __name__ == "__main__":
    sys.exit(main())
