"""What calendars take from outside of the rules: public holidays of a library, closed times of feeds.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from mailbridge.sla.closed_times import ClosedTimes
from mailbridge.sla.daysoff import days_off


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySources:
    """`holidays`: the public holidays of a country or a region in it.  `feeds`: by address the last good content.  `zones`, `library`: the
    versions of the zone database and of the library of holidays, '' where nobody asks."""

    holidays: Callable[[str, str], frozenset[date]] = days_off
    feeds: Mapping[str, ClosedTimes] = field(default_factory=dict)
    zones: str = ""
    library: str = ""

    def made_with(self, country: str) -> str:
        """The versions that a calendar with the holidays of this country ('' for none) depends on."""
        said = (("tzdata", self.zones), ("holidays", self.library if country else ""))
        return ", ".join(f"{name} {version}" for name, version in said if version)


LIBRARY_ALONE = DaySources()
"""For rules that are looked at without a database: no feeds."""


def frozen_until(today: date, kept: frozenset[date], computed: frozenset[date]) -> frozenset[date]:
    """The days that were kept up to today, and those that are computed now after it: another version of a library changes no past day."""
    return frozenset(day for day in kept if day <= today) | frozenset(day for day in computed if day > today)
