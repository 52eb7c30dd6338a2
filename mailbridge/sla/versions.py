"""The version of a calendar: what its days were when a due time was computed with them.  Pure."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from mailbridge.sla.calendar import Calendar


def version_of(calendar: Calendar) -> str:
    """Sixteen hex digits, different for different hours, zones, computed days and versions of the libraries."""
    known = _KNOWN.get(id(calendar))
    if known is not None and known[0] is calendar:
        return known[1]
    if len(_KNOWN) >= MOST_KNOWN:
        _KNOWN.clear()
    version = _version(calendar, calendar.made_with)
    _KNOWN[id(calendar)] = (calendar, version)
    return version


MOST_KNOWN = 1024
_KNOWN: dict[int, tuple[Calendar, str]] = {}  # by identity: a calendar may have hundreds of days, and its hash looks at each


@lru_cache(maxsize=4096)
def _version(calendar: Calendar, made_with: str) -> str:
    said = (calendar.name, calendar.zone, calendar.hours, sorted(calendar.holidays), calendar.special, made_with)
    return sha256(repr(said).encode()).hexdigest()[:16]
