"""Names of time zones."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones


def zone_of(name: str) -> ZoneInfo | None:
    """The zone of this name in the IANA database; None where there is none."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a name like "../x" or that of a folder
        return None


def zone_names() -> set[str]:
    """All names, to find the one that was meant."""
    return available_timezones()
