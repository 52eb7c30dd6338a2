"""The questions behind `#report time` and `mailbridge report time`: whose work, which days."""

from __future__ import annotations

from datetime import date

from mailbridge.customers.model import Customers
from mailbridge.store.tx import Tx
from mailbridge.tickets.timesheet import Timesheet, TimesheetEntry, timesheet


def timesheet_of(tx: Tx, customers: Customers, first: date, last: date, agent: str = "") -> Timesheet:
    """What one agent, or everybody, did from the first day to the last."""
    entries = []
    for done in tx.activities.between(first, last, agent):
        known = customers.of(done.requester) if done.requester else None
        customer = (known.title or known.name) if known else done.requester
        entries.append(TimesheetEntry(ticket=done.ticket, customer=customer, subject=done.subject, activity=done.activity))
    return timesheet(entries, first, last)
