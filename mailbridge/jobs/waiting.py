"""Measures how long customers wait for the first answer, for the acknowledgements (NO8)."""

from __future__ import annotations

from datetime import datetime

from mailbridge.execution import waiting
from mailbridge.execution.desk import Desk
from mailbridge.sla.waiting import SPAN, waiting_times
from mailbridge.store.engine import Store


def measure_waiting(store: Store, desk: Desk, now: datetime) -> int:
    """Measures the tickets of the last 30 days and stores the result; of how many groups of tickets it is known."""
    calendars = waiting.calendars_of(desk.organisation)
    with store.read() as tx:
        waits = list(tx.waits.since(now - SPAN)) if calendars else []
    measured = waiting_times(waits, calendars, now)
    with store.write() as tx:
        waiting.store(tx, measured, now)
    return len(measured.groups)
