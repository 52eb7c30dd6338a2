"""The sums of a month of an hour bank explain its balance."""

from __future__ import annotations

from datetime import UTC, date, datetime

from mailbridge.customers.hour_terms import Cycle, HourTerms
from mailbridge.customers.model import Contract
from mailbridge.tickets.hours.ledger import EntryKind, EntrySource, LedgerEntry, reversal
from mailbridge.tickets.hours.planning import HourBank
from mailbridge.tickets.hours.statement import MonthTotals, statement, totals

AT = datetime(2027, 1, 20, tzinfo=UTC)
HOUR = 3600
TERMS = HourTerms(every=Cycle.MONTH, grant=600, carry_over=120)
BANK = HourBank(customer="acme", name="gold", contracts=(Contract(name="gold", since=date(2026, 11, 1), hours=TERMS),))


def work(key: str, day: date, hours: int) -> LedgerEntry:
    return LedgerEntry(key=key, kind=EntryKind.BURN, source=EntrySource.WORK, day=day, seconds=-hours * HOUR, at=AT)


def test_granted_less_used_and_expired_and_adjusted_is_left() -> None:
    given_back = work("b", date(2026, 11, 4), 2)
    by_hand = LedgerEntry(
        key="hand:0", kind=EntryKind.ADJUST, source=EntrySource.HAND, day=date(2026, 12, 5), seconds=-HOUR, at=AT, reason="invoice"
    )
    entries = [work("a", date(2026, 11, 3), 5), given_back, reversal(given_back, AT, "bogdan", "corrected"), by_hand]
    november, december, january = statement(BANK, entries, date(2027, 1, 20), AT).months

    assert totals(november) == MonthTotals(granted=10 * HOUR, used=5 * HOUR, expired=5 * HOUR, adjusted=0, left=0)
    for month in (november, december, january):
        found = totals(month)
        assert month.opening + found.granted - found.used - found.expired + found.adjusted == found.left
    assert totals(december).granted == 12 * HOUR  # two of them are carried over
    assert totals(december).adjusted == -HOUR


def test_work_beyond_the_hours_leaves_a_negative_balance() -> None:
    (november,) = statement(BANK, [work("a", date(2026, 11, 3), 12)], date(2026, 11, 20), AT).months
    assert totals(november).left == -2 * HOUR
