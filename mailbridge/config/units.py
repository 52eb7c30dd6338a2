"""Texts of the YAML files that stand for something else: durations, sizes, times of day, week days, dates, addresses."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from mailbridge.config.schema import Wrong

WORKING_DAY = timedelta(hours=8)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_DURATION = re.compile(r"(?:\d{1,5}(?:\.\d{1,3})?[wdhms])+")
_STEP = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)([wdhms])")
_CLOCK = {"h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
_SIZE = re.compile(r"(\d{1,15})([kmgKMG]?)")
_RANGE = re.compile(r"(\d\d:\d\d)\s*[-\u2013]\s*(\d\d:\d\d)")
_WEEK = re.compile(r"(\d{4})-?W(\d\d)")
_TIME = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+\.[^\s@<>,;:\"()\[\]\\.]+")
_HEADER = re.compile(r"[!-9;-~]+")  # RFC 5322 2.2: printable ASCII without the colon
_DOMAIN = re.compile(r"(?:[^\s@<>,;:\"()\[\]\\./]+\.)+[^\s@<>,;:\"()\[\]\\./]+")


def duration(text: str) -> timedelta:
    """'90m', '2h30m', '14d' by the clock: a day has 24 hours.  Raises Wrong."""
    return _duration(text, timedelta(days=1), timedelta(days=7))


def working_duration(text: str) -> timedelta:
    """'30m', '4h', '3d' of working time: a day has 8 hours, a week 5 days.  Raises Wrong."""
    return _duration(text, WORKING_DAY, 5 * WORKING_DAY)


def _duration(text: str, day: timedelta, week: timedelta) -> timedelta:
    if not _DURATION.fullmatch(text):
        raise Wrong(f'"{text}" is no duration', 'write it like "30m", "2h", "1h30m" or "3d"')
    units = {**_CLOCK, "d": day, "w": week}
    length = sum((float(number) * units[unit] for number, unit in _STEP.findall(text)), timedelta())
    if not timedelta() < length <= timedelta(days=3650):
        raise Wrong(f'"{text}" is no duration that can be meant', "more than nothing and at most ten years")
    return length


def size(text: str) -> float:
    """'500K', '10M': RFC 5228 1.1 counts K, M and G in powers of 1024.  Raises Wrong."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise Wrong(f'"{text}" is no size', 'write it like "500K" or "10M"')
    return float(int(found[1]) << {"": 0, "k": 10, "m": 20, "g": 30}[found[2].lower()])


def number(text: str) -> float:
    """A plain number.  Raises Wrong."""
    if not re.fullmatch(r"-?\d{1,9}(\.\d{1,6})?", text):
        raise Wrong(f'"{text}" is no number')
    return float(text)


def kilometres(text: str) -> float:
    """A distance in km, '12', '12.5' or '12 km'.  Raises Wrong."""
    found = re.fullmatch(r"(\d{1,5}(?:[.,]\d{1,2})?)(?: ?km)?", text)
    if found is None:
        raise Wrong(f'"{text}" is no distance', 'write it in km like "12" or "12.5 km"')
    return float(found[1].replace(",", "."))


def count(text: str) -> int:
    """How many, from 0.  Raises Wrong."""
    if not re.fullmatch(r"\d{1,6}", text):
        raise Wrong(f'"{text}" is no number of things', "a whole number from 0")
    return int(text)


def index(text: str) -> int:
    """RFC 5260 6: which field of that name, from 1; from the end with a minus.  Raises Wrong."""
    if not re.fullmatch(r"-?[1-9]\d{0,3}", text):
        raise Wrong(f'"{text}" is no position', "1 is the first field of that name, -1 the last")
    return int(text)


def share(text: str) -> float:
    """'75%'.  Raises Wrong."""
    found = re.fullmatch(r"(\d{1,3})\s*%", text)
    if not found or not 0 < int(found[1]) < 100:
        raise Wrong(f'"{text}" is no share', 'write it like "75%": more than 0 and less than 100')
    return int(found[1]) / 100


def percent(text: str) -> float:
    """'2%', '0.5%' as a share of 1.  Raises Wrong."""
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,3})?)\s*%", text)
    if not found or float(found[1]) > 100:
        raise Wrong(f'"{text}" is no share', 'write it like "2%"')
    return float(found[1]) / 100


def hours(text: str) -> tuple[time, time]:
    """'09:00-18:00', to may be 24:00.  Raises Wrong."""
    found = _RANGE.fullmatch(text)
    if not found:
        raise Wrong(f'"{text}" are no hours', 'write them like "09:00-18:00"')
    start, end = _time(found[1]), _time(found[2])
    if start >= end:
        raise Wrong(f'"{text}" ends before it begins', "over midnight: two entries, to 24:00 and from 00:00 on the next day")
    return start, end


def _time(text: str) -> time:
    found = _TIME.fullmatch(text)
    if not found or (found[1] == "24" and found[2] != "00"):
        raise Wrong(f'"{text}" is no time of day')
    return time.max if found[1] == "24" else time(int(found[1]), int(found[2]))


def weekdays(text: str) -> tuple[int, ...]:
    """'mon', 'mon-fri', 'sat, sun': Monday is 0.  Raises Wrong."""
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
    """'2026-12-24'.  Raises Wrong."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Wrong(f'"{text}" is no date', 'write it like "2026-12-24"') from None


def hour(text: str) -> time:
    """'09:00', before 24:00.  Raises Wrong."""
    if not _TIME.fullmatch(text) or text.startswith("24"):
        raise Wrong(f'"{text}" is no time of day', 'write it like "09:00"')
    return _time(text)


def week(text: str) -> tuple[date, date]:
    """'2026-W52', a week of ISO 8601, as its Monday and its Sunday.  Raises Wrong."""
    found = _WEEK.fullmatch(text)
    try:
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
        sunday = monday + timedelta(days=6) if monday else None
    except (ValueError, OverflowError):
        raise Wrong(f'there is no week "{text}"', "most years have 52 weeks, few have 53") from None
    if monday is None or sunday is None:
        raise Wrong(f'"{text}" is no week', 'write it like "2026-W52", or give the days from and to')
    return monday, sunday


def whole_days(text: str) -> int:
    """'1d', '7d', '2w' as days.  Raises Wrong."""
    length = duration(text)
    if length % timedelta(days=1):
        raise Wrong(f'"{text}" are no whole days', 'write it like "7d" or "2w"')
    return length.days


def level(text: str) -> int:
    """How much of a skill, '1' to '9'.  Raises Wrong."""
    if not re.fullmatch("[1-9]", text):
        raise Wrong(f'"{text}" is no level', "levels go from 1 to 9")
    return int(text)


def moment(text: str) -> datetime:
    """'2026-12-24T09:30:00+02:00'; one without an offset is UTC.  Raises Wrong."""
    try:
        made = datetime.fromisoformat(text)
    except ValueError:
        raise Wrong(f'"{text}" is no date and time', 'write it like "2026-12-24T09:30:00+02:00"') from None
    return made if made.tzinfo else made.replace(tzinfo=UTC)


def address(text: str) -> str:
    """A mail address.  Raises Wrong."""
    if not _ADDRESS.fullmatch(text):
        raise Wrong(f'"{text}" is no mail address', 'write it like "ana@desk.example"')
    return text


def domain(text: str) -> str:
    """A domain, lower case.  Raises Wrong."""
    if not _DOMAIN.fullmatch(text):
        raise Wrong(f'"{text}" is no domain', 'write it like "acme.example"')
    return text.lower()


def header(text: str) -> str:
    """The name of a header field, lower case.  Raises Wrong."""
    if not _HEADER.fullmatch(text):
        raise Wrong(f'"{text}" is no name of a header field', "names have no blanks and no colon")
    return text.lower()


def header_names(text: str) -> tuple[str, ...]:
    """'subject' or 'to, cc'.  Raises Wrong."""
    return tuple(header(name.strip()) for name in text.split(","))
