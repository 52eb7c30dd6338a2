"""Names of time zones, and the wall clocks in them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
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


def wall(moment: datetime, zone: str) -> datetime:
    """The moment as a clock on a wall in this zone shows it."""
    return moment.astimezone(ZoneInfo(zone))


def moment_of(day: date, hour: time, zone: str) -> datetime:
    """The moment, in UTC, at which the wall clock of this zone first shows the hour on that day.

    An hour that the clock skips counts as the moment by the offset before the jump: as much later as the clock was put forward.
    """
    return datetime.combine(day, hour, ZoneInfo(zone)).astimezone(UTC)
