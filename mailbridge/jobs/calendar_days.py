"""Days of calendars from outside the rules (public holidays and feeds), as stored."""

from __future__ import annotations

from datetime import datetime

from mailbridge.jobs import public_holidays
from mailbridge.jobs.public_holidays import PublicHolidays
from mailbridge.ops.zones import zone_database
from mailbridge.sla.day_sources import DaySources
from mailbridge.sla.daysoff import library
from mailbridge.store.tx import Tx


def day_sources(tx: Tx, now: datetime) -> tuple[DaySources, PublicHolidays]:
    """The sources, and the public holidays among them.  After the rules are loaded, `PublicHolidays.to_store` gives the row to store."""
    holidays = PublicHolidays(tx.state.get(public_holidays.STATE_KEY), library(), now.date())
    feeds = {one.address: one.closed for one in tx.feeds.all()}
    return DaySources(holidays=holidays, feeds=feeds, zones=zone_database(), library=library()), holidays
