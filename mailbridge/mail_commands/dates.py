"""When: `friday 15:00`, `3 dec`, `mâine 9`, `пятница 15:00`, `2026-12-03 15:00`, `3d`, `in 2 hours`, `next week`.

Read by the speaker's wall clock.  Numbers with dots or slashes are day first (3.12., 3/12/2026).  A weekday is the next one, today where
its hour is still to come; a day without a year is the next one.  On the night that skips an hour a skipped time is the same time after
the jump; on the night that has one twice it is the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mailbridge.mail_commands.durations import protected
from mailbridge.mail_commands.vocabulary import Vocabulary, tokens

MORNING = time(9)
EVENING = time(18)
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_ISO_WITH_HOUR = re.compile(r"(?<!\S)([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})t(?=[0-9])")
_NUMBERS = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})(?:\2([0-9]{4}|[0-9]{2}))?\.?")
_DAY_OF_MONTH = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th|-?го|\.)?")
_DAY_AND_MONTH = re.compile(r"([0-9]{1,2})[.-]?([^\W\d_]+)(?:[.-]([0-9]{4}))?")
_YEAR = re.compile(r"(20[0-9]{2})(?:г)?")
_CLOCK = re.compile(r"([0-9]{1,2})[:.]([0-5][0-9])(?::[0-5][0-9])?([^\W\d_][^\W\d_.]*\.?[^\W\d_]*\.?)?")
_HOUR = re.compile(r"([0-9]{1,2})([^\W\d_.]*\.?[^\W\d_]*\.?)")
_HOUR_UNIT = re.compile(r"([0-9]{1,2})([^\W\d_])([0-5][0-9])?")
_AMOUNT = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,2})?)([^\W\d_]*)\.?")
_LAST = 2
MEANT = range(1970, 2200)  # years; with others computing fails at the ends of the calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Wall:
    """The author's local time, and the words for dates."""

    now: datetime
    zone: ZoneInfo
    known: Vocabulary

    @property
    def local(self) -> datetime:
        return self.now.astimezone(self.zone).replace(tzinfo=None)

    def utc(self, day: date, hour: time) -> datetime:
        return datetime.combine(day, hour, tzinfo=self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    """A day, the index of the words after it, and its successor where it is over: in the next week or year."""

    day: date
    end: int
    again: str = ""


def words_of(text: str) -> list[str]:
    """The words of a date or duration, normalised; `2026-12-03T15:00` are two words, `1,5h` is one."""
    return tokens(_ISO_WITH_HOUR.sub(r"\1 ", protected(text).casefold()))


def whole(words: Sequence[str], wall: Wall, *, otherwise: time) -> datetime | None:
    """The moment of all these words, in UTC; `otherwise` is the hour where they give none."""
    found = moment(words, 0, wall, otherwise=otherwise)
    return found[0] if found and _skip(words, found[1], wall) == len(words) else None


def moment(words: Sequence[str], start: int, wall: Wall, *, otherwise: time | None) -> tuple[datetime, int] | None:
    """The moment from `start` on, in UTC, and the index of the rest.  `otherwise` None: an hour is required."""
    try:
        found = _ahead(words, start, wall) or _said(words, _skip(words, start, wall), wall, otherwise)
    except (ValueError, OverflowError):  # a day that does not exist
        return None
    return found if found is not None and found[0].year in MEANT else None


def past_day(words: Sequence[str], start: int, wall: Wall) -> tuple[date, int] | None:
    """The day from `start` on, and the index of the rest; a weekday or a day without a year is the latest one."""
    try:
        found = _day(words, _skip(words, start, wall), wall)
    except (ValueError, OverflowError):
        return None
    if found is None:
        return None
    day = found.day
    if day > wall.local.date() and found.again:
        day = day - timedelta(days=7) if found.again == "week" else _year(day, day.year - 1)
    return day, found.end


def _said(words: Sequence[str], at: int, wall: Wall, otherwise: time | None) -> tuple[datetime, int] | None:
    early = _clock(words, at, wall.known, bare=False)
    after = _skip(words, early[1], wall) if early else at
    day = _day(words, after, wall)
    if day is None:
        bare = early or (_clock(words, at, wall.known, bare=True) if at and words[at - 1] in wall.known.at else None)
        if bare is None:
            return None
        today = wall.utc(wall.local.date(), bare[0])
        return (today if today > wall.now else wall.utc(wall.local.date() + timedelta(days=1), bare[0])), bare[1]
    late = None if early else _clock(words, _skip(words, day.end, wall), wall.known, bare=True)
    hour = early or late
    clock, end = (hour[0] if hour else otherwise), (late[1] if late else day.end)
    if clock is None:
        return None
    said = wall.utc(day.day, clock)
    if said <= wall.now and day.again:
        later = day.day + timedelta(days=7) if day.again == "week" else _year(day.day, day.day.year + 1)
        said = wall.utc(later, clock)
    return said, end


def _ahead(words: Sequence[str], start: int, wall: Wall) -> tuple[datetime, int] | None:
    """`3d`, `in 2 hours`, `a week`, `1h 30m`: from now.  Hours are elapsed time; days, weeks and months follow the local clock."""
    at = start
    while at < len(words) and (words[at] in wall.known.ahead or words[at] in wall.known.fillers) and not _amounts(words, at, wall.known):
        at += 1
    hours, days, months, found = timedelta(), 0.0, 0, False
    while amounts := _amounts(words, at, wall.known):
        for number, unit in amounts[0]:
            hours += timedelta(minutes=number * {"m": 1, "h": 60}.get(unit, 0))
            days += number * {"d": 1, "w": 7}.get(unit, 0)
            months += int(number) if unit == "mo" else 0
        at, found = amounts[1], True
    if not found:
        return None
    local = wall.local
    month = local.year * 12 + local.month - 1 + months
    moved = _day_of(month // 12, month % 12 + 1, local.day) + timedelta(days=int(days))
    base = wall.now if not int(days) and not months else wall.utc(moved, local.time())
    return base + hours + timedelta(hours=24 * (days - int(days))), at


def _amounts(words: Sequence[str], at: int, known: Vocabulary) -> tuple[list[tuple[float, str]], int] | None:
    if at >= len(words):
        return None
    if words[at] in known.one and at + 1 < len(words) and words[at + 1] in known.units:
        return [(1.0, known.units[words[at + 1]])], at + _LAST
    found = list(_AMOUNT.finditer(words[at]))
    if not found or "".join(part[0] for part in found) != words[at]:
        return None
    amounts: list[tuple[float, str]] = []
    for part in found:
        unit = known.units.get(part[2], "")
        if part[2] and not unit:
            return None
        if unit:
            amounts.append((float(part[1]), unit))
        elif amounts and amounts[-1][1] == "h":  # the 30 of 1h30
            amounts.append((float(part[1]), "m"))
        elif not amounts and at + 1 < len(words) and words[at + 1].rstrip(".") in known.units:
            return [(float(part[1]), known.units[words[at + 1].rstrip(".")])], at + _LAST
        else:
            return None
    return amounts, at + 1


def _day(words: Sequence[str], at: int, wall: Wall) -> _Day | None:
    if at >= len(words):
        return None
    return next((day for day in _days(words, at, wall) if day is not None), None)


def _days(words: Sequence[str], at: int, wall: Wall) -> Iterator[_Day | None]:
    """The possible days of the words, in order of preference."""
    today, known, word = wall.local.date(), wall.known, words[at].rstrip(".")
    for phrase in known.next_week:
        if tuple(words[at : at + len(phrase)]) == phrase:
            yield _Day(day=today + timedelta(days=7 - today.weekday()), end=at + len(phrase))
    for phrase in known.days:
        if tuple(words[at : at + len(phrase)]) == phrase:
            yield _Day(day=today + timedelta(days=known.days[phrase]), end=at + len(phrase))
    if word in known.weekdays:
        ahead = (known.weekdays[word] - today.weekday()) % 7
        day = _day(words, at + 1, wall) if at + 1 < len(words) else None  # "friday 3 dec": the date decides
        yield day if day and day.again != "week" else _Day(day=today + timedelta(days=ahead), end=at + 1, again="week")
    iso = _ISO.fullmatch(words[at])
    if iso:
        yield _Day(day=date(int(iso[1]), int(iso[2]), int(iso[3])), end=at + 1)
    yield _numbers(words, at, today)
    yield _with_month(words, at, wall)


def _numbers(words: Sequence[str], at: int, today: date) -> _Day | None:
    found = _NUMBERS.fullmatch(words[at])
    if not found or not 1 <= int(found[3]) <= 12:
        return None
    year = int(found[4]) + (2000 if len(found[4]) == 2 else 0) if found[4] else None
    return _dated(int(found[1]), int(found[3]), year, at + 1, today)


def _with_month(words: Sequence[str], at: int, wall: Wall) -> _Day | None:
    """`3 dec`, `3dec`, `3-dec-2026`, `dec 3`, `3 декабря 2026`."""
    months, today = wall.known.months, wall.local.date()
    glued = _DAY_AND_MONTH.fullmatch(words[at].rstrip("."))
    if glued and glued[2] in months:
        return _with_year(int(glued[1]), months[glued[2]], glued[3], words, at + 1, today)
    if at + 1 >= len(words):
        return None
    first, second = words[at].rstrip("."), words[at + 1].rstrip(".")
    number = _DAY_OF_MONTH.fullmatch(words[at])
    if number and second in months:
        return _with_year(int(number[1]), months[second], None, words, at + 2, today)
    number = _DAY_OF_MONTH.fullmatch(words[at + 1])
    if first in months and number:
        return _with_year(int(number[1]), months[first], None, words, at + 2, today)
    return None


def _with_year(day: int, month: int, year: str | None, words: Sequence[str], at: int, today: date) -> _Day | None:
    said = _YEAR.fullmatch(words[at]) if year is None and at < len(words) else None
    if said:
        return _dated(day, month, int(said[1]), at + 1, today)
    return _dated(day, month, int(year) if year else None, at, today)


def _dated(day: int, month: int, year: int | None, end: int, today: date) -> _Day | None:
    if year is not None:
        return _Day(day=date(year, month, day), end=end)
    this = next((date(y, month, day) for y in range(today.year, today.year + 9) if _exists(y, month, day)), None)
    if this is None:
        raise ValueError(f"no year has a day {day} of month {month}")
    return _Day(day=this if this >= today else _year(this, today.year + 1), end=end, again="year")


def _clock(words: Sequence[str], at: int, known: Vocabulary, *, bare: bool) -> tuple[time, int] | None:
    """The hour: `15:00`, `15.00`, `3pm`, `3:30 pm`, `15h`, `noon`; `bare`: also `9`."""
    if at >= len(words):
        return None
    word = words[at]
    if word.rstrip(".") in known.noon:
        return time(12), at + 1
    clock, hour, unit = _CLOCK.fullmatch(word), _HOUR.fullmatch(word), _HOUR_UNIT.fullmatch(word)
    if unit and bare and known.units.get(unit[2]) == "h":
        return _time(int(unit[1]), int(unit[3] or 0), "", at + 1)
    if clock is None and hour is None:
        return None
    number, minute, half = (clock[1], clock[2], clock[3] or "") if clock else (hour[1], "0", hour[2]) if hour else ("", "", "")
    end = at + 1
    if not half and end < len(words) and (words[end] in known.am or words[end] in known.pm):
        half, end = words[end], end + 1
    if half and half not in known.am and half not in known.pm:
        return None
    if clock is None and not half and not bare:
        return None
    return _time(int(number), int(minute), "" if not half else "pm" if half in known.pm else "am", end)


def _time(hour: int, minute: int, half: str, end: int) -> tuple[time, int] | None:
    if half and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    return (time(hour, minute), end) if hour < 24 else None


def _skip(words: Sequence[str], at: int, wall: Wall) -> int:
    while at < len(words) and words[at] in wall.known.fillers | wall.known.at and not _is_phrase(words, at, wall.known):
        at += 1
    return at


def _is_phrase(words: Sequence[str], at: int, known: Vocabulary) -> bool:
    """Whether "next" here begins "next week", "the" begins "the day after tomorrow"."""
    return any(tuple(words[at : at + len(phrase)]) == phrase for phrase in (*known.next_week, *known.days) if len(phrase) > 1)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _year(day: date, year: int) -> date:
    """The same day of that year; 29 February becomes the 28th where necessary."""
    return _day_of(year, day.month, day.day)


def _day_of(year: int, month: int, day: int) -> date:
    """That day of the month, or its last day where it is shorter."""
    return next(date(year, month, d) for d in range(day, day - 4, -1) if _exists(year, month, d))
