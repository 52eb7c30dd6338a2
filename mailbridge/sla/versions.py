"""The version of a calendar: what its days were when a due time was computed with them.  Pure."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from mailbridge.sla.calendar import Calendar


def version_of(calendar: Calendar) -> str:
    """Sixteen hex digits, different for different hours, zones, computed days and versions of the libraries."""
    return _version(calendar, calendar.made_with)


@lru_cache(maxsize=4096)
def _version(calendar: Calendar, made_with: str) -> str:
    said = (calendar.name, calendar.zone, calendar.hours, sorted(calendar.holidays), calendar.special, made_with)
    return sha256(repr(said).encode()).hexdigest()[:16]
