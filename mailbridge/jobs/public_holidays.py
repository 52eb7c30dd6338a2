"""Public holidays as first computed: a newer library changes future days only.

The state row has by country and region the days and the version of the library that computed them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from mailbridge.sla.day_sources import frozen_until
from mailbridge.sla.daysoff import YEARS, days_off

STATE_KEY = "public-holidays"


class PublicHolidays:
    """Gives the public holidays of a country.  `to_store` gives the new state row."""

    def __init__(self, kept: Any, library: str, today: date) -> None:
        self._kept: Mapping[str, Any] = kept if isinstance(kept, dict) else {}
        self._library, self._today = f"{library}/{YEARS.start}-{YEARS.stop}", today
        self._asked: dict[str, Any] = {}

    def __call__(self, country: str, region: str) -> frozenset[date]:
        """The public holidays of the country, or of the region in it."""
        key = f"{country}/{region}" if region else country
        known = self._kept.get(key)
        if known and known["library"] == self._library:
            return frozenset(map(date.fromisoformat, known["days"]))
        days = days_off(country, region)
        if known:
            days = frozen_until(self._today, frozenset(map(date.fromisoformat, known["days"])), days)
        self._asked[key] = {"library": self._library, "days": sorted(day.isoformat() for day in days)}
        return days

    @property
    def to_store(self) -> dict[str, Any] | None:
        """The whole state row; None if it is unchanged."""
        return {**self._kept, **self._asked} if self._asked else None
