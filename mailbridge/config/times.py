"""Times of day, days of the week, dates and moments in configuration files.  Each function raises Wrong where a text cannot mean one."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from mailbridge.config.reading import Wrong

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RANGE = re.compile(r"(\d\d:\d\d)\s*[-\u2013]\s*(\d\d:\d\d)")
_WEEK = re.compile(r"(\d{4})-?W(\d\d)")
_TIME = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")


def hours(text: str) -> tuple[time, time]:
    """'09:00-18:00', to may be 24:00."""
    found = _RANGE.fullmatch(text)
    if not found:
        raise Wrong(f'"{text}" are no hours', 'write them like "09:00-18:00"')
    start, end = _time(found[1]), _time(found[2])
    if start >= end:
        raise Wrong(f'"{text}" ends before it begins', "over midnight: two entries, to 24:00 and from 00:00 on the next day")
    return start, end


def hour(text: str) -> time:
    """'09:00', before 24:00."""
    if not _TIME.fullmatch(text) or text.startswith("24"):
        raise Wrong(f'"{text}" is not a time of day', 'write it like "09:00"')
    return _time(text)


def weekdays(text: str) -> tuple[int, ...]:
    """'mon', 'mon-fri', 'sat, sun': Monday is 0."""
    days: list[int] = []
    for piece in text.split(","):
        first, dash, last = (word.strip().lower() for word in piece.partition("-"))
        for word in (first, last) if dash else (first,):
            if word not in DAYS:
                raise Wrong(f'unknown day "{word}"', f"days are {', '.join(DAYS)}; mon-fri is a range")
        start = DAYS.index(first)
        end = DAYS.index(last) if dash else start
        days += [(start + step) % 7 for step in range((end - start) % 7 + 1)]
    return tuple(dict.fromkeys(days))


def day(text: str) -> date:
    """'2026-12-24'."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Wrong(f'"{text}" is not a date', 'write it like "2026-12-24"') from None


def week(text: str) -> tuple[date, date]:
    """'2026-W52', a week of ISO 8601, as its Monday and its Sunday."""
    found = _WEEK.fullmatch(text)
    try:
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
        sunday = monday + timedelta(days=6) if monday else None
    except (ValueError, OverflowError):
        raise Wrong(f'there is no week "{text}"', "most years have 52 weeks, few have 53") from None
    if monday is None or sunday is None:
        raise Wrong(f'"{text}" is not a week', 'write it like "2026-W52", or give the days from and to')
    return monday, sunday


def moment(text: str) -> datetime:
    """'2026-12-24T09:30:00+02:00'; one without an offset is UTC."""
    try:
        made = datetime.fromisoformat(text)
    except ValueError:
        raise Wrong(f'"{text}" is not a date and time', 'write it like "2026-12-24T09:30:00+02:00"') from None
    return made if made.tzinfo else made.replace(tzinfo=UTC)


def _time(text: str) -> time:
    found = _TIME.fullmatch(text)
    if not found or (found[1] == "24" and found[2] != "00"):
        raise Wrong(f'"{text}" is not a time of day')
    return time.max if found[1] == "24" else time(int(found[1]), int(found[2]))
