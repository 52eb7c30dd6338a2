"""Parts of a date as in Sieve (RFC 5260 4.2).  Sieve's part `zone` is called `offset` here; `zone` is the zone to convert to."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import format_datetime, parsedate_to_datetime

from mailbridge.config.reading import Wrong
from mailbridge.config.suggest import did_you_mean
from mailbridge.sla.zones import zone_names, zone_of

PARTS = (
    "year", "month", "day", "date", "julian", "hour", "minute", "second", "time", "iso8601", "std11", "offset", "weekday",
)  # fmt: skip
NUMBERS = frozenset({"year", "month", "day", "julian", "hour", "minute", "second", "weekday"})

_FORMATS = {
    "year": "%Y", "month": "%m", "day": "%d", "date": "%Y-%m-%d", "hour": "%H", "minute": "%M", "second": "%S", "time": "%H:%M:%S",
}  # fmt: skip
_OFFSET = re.compile(r"([-+])([01]\d|2[0-3])([0-5]\d)")
_MODIFIED_JULIAN_OFFSET = 678_576  # proleptic ordinal of 17 November 1858, the day 0
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def moment(field: str) -> datetime | None:
    """The date of a header field; for fields like Received the text after the last semicolon (RFC 5260 4)."""
    text = field.rpartition(";")[2].strip()[:200]
    try:
        return parsedate_to_datetime(text) if text else None
    except (ValueError, TypeError, IndexError, OverflowError):  # raised by the standard library for malformed dates
        return None


def zone(text: str) -> str:
    """The text, if it is a zone: '+0200', 'original', 'Europe/Bucharest'.  Raises Wrong."""
    if text != "original" and not _OFFSET.fullmatch(text) and zone_of(text) is None:
        hint = did_you_mean(text, zone_names(), otherwise='write it like "Europe/Bucharest" or "+0200"')
        raise Wrong(f'unknown time zone "{text}"', hint)
    return text


def part(when: datetime, name: str, zone_name: str) -> str:
    """The part of that name in that zone; fixed width, so that later is greater also as a text."""
    local = when if zone_name == "original" or when.tzinfo is None else when.astimezone(_tzinfo(zone_name))
    match name:
        case "julian":
            return str(local.toordinal() - _MODIFIED_JULIAN_OFFSET)
        case "weekday":
            return str(local.isoweekday() % 7)
        case "offset":
            return local.strftime("%z") or "+0000"
        case "iso8601":
            return local.isoformat(timespec="seconds")
        case "std11":
            return format_datetime(local)
    return local.strftime(_FORMATS[name])


def weekday(text: str) -> str:
    """'sat' as RFC 5260 counts it, '6'; other texts stay."""
    word = text.lower()[:3]
    return str(_WEEKDAYS.index(word)) if word in _WEEKDAYS else text


def _tzinfo(name: str) -> tzinfo:
    if found := _OFFSET.fullmatch(name):
        offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return timezone(-offset if found[1] == "-" else offset)
    return zone_of(name) or UTC
