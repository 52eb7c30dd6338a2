"""Reads a forwarded mail: its copied headers, its text, and the text written above it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from mailbridge.message.model import Address, Forwarded
from mailbridge.reply.headerblock import QuotedHeaders
from mailbridge.reply.lines import TextLine
from mailbridge.reply.segments import Segment
from mailbridge.reply.subject import MAILBOX
from mailbridge.reply.vocabulary import HeaderRole, fold_phrase, month_numbers

_MOST_ADDRESSES = 200
_MAILTO = re.compile(r"mailto:", re.IGNORECASE)


def forwarded(lines: list[TextLine], segment: Segment, text: str) -> Forwarded:
    """The forwarded mail in the quote `segment`."""
    headers = segment.headers
    inner = "\n".join(_unquoted(lines, segment, text)).strip()
    before = text[: lines[segment.first].start].strip()
    if headers is None:
        return Forwarded(text_before=before, text=inner)
    senders = addresses(headers.value(HeaderRole.SENDER))
    return Forwarded(
        sender=senders[0] if senders else None,
        to=_all(headers, HeaderRole.TO),
        cc=_all(headers, HeaderRole.CC),
        subject=headers.value(HeaderRole.SUBJECT),
        date=date(headers.value(HeaderRole.DATE)),
        text_before=before,
        text=inner,
    )


def _all(headers: QuotedHeaders, role: HeaderRole) -> tuple[Address, ...]:
    return tuple(address for name, value in headers.fields if name is role for address in addresses(value))


def _unquoted(lines: list[TextLine], segment: Segment, text: str) -> list[str]:
    """The lines of the inner mail, without the quote marks that the forwarding program added to all of them."""
    body = lines[segment.body : segment.last]
    depth = min((line.depth for line in body if line.bare), default=0)
    return [_without_marks(text[line.start : line.end].rstrip("\r\n"), depth) for line in body]


def _without_marks(content: str, depth: int) -> str:
    for _ in range(depth):
        stripped = content.lstrip()
        if not stripped.startswith(">"):
            break
        content = stripped[1:].removeprefix(" ")
    return content


def addresses(value: str) -> tuple[Address, ...]:
    """The mailboxes in a copied header, in the display forms of mail clients: 'Ann <a@b>', 'Ann [mailto:a@b]', 'a@b', 'Ann'."""
    return tuple(found for part in _split(value)[:_MOST_ADDRESSES] if (found := _address(part)) is not None)


def _split(value: str) -> list[str]:
    """The parts between commas and semicolons outside quotes and brackets.  'Doe, Ann <a@b>' stays one part."""
    parts: list[str] = []
    current: list[str] = []
    quoted = False
    nested = 0
    for sign in value[:20_000]:
        if sign == '"':
            quoted = not quoted
        elif sign in "<[(":
            nested += 1
        elif sign in ">])":
            nested = max(0, nested - 1)
        ends = sign == ";" or (sign == "," and "@" in "".join(current))
        if ends and not quoted and not nested:
            parts.append("".join(current))
            current = []
        else:
            current.append(sign)
    parts.append("".join(current))
    return [part.strip() for part in parts if part.strip()]


def _address(part: str) -> Address | None:
    plain = _MAILTO.sub("", part)
    found = MAILBOX.search(plain)
    if found is None:
        name = plain.strip(" \"'<>*")
        return Address(address="", name=name) if name else None
    local, _, domain = found.group().rstrip(".").rpartition("@")
    name = plain[: found.start()].rstrip(" <[(*").strip(" \"'*\t")
    return Address(address=f"{local.strip(chr(39))}@{domain.strip(chr(39)).lower()}", name=name)


_NUMBERS = re.compile(r"\d+")
_ISO = re.compile(r"\b(\d{4})[-./年년]\s?(\d{1,2})[-./月월]\s?(\d{1,2})")
_NUMERIC = re.compile(r"\b(\d{1,2})([-./])(\d{1,2})[-./](\d{4}|\d{2})\b")
_CLOCK = re.compile(r"(\d{1,2})[:.h時시点](\d{2})(?:[:.](\d{2}))?(?!\.?\d)\s*(a\.?m|p\.?m)?", re.IGNORECASE)
_ZONE = re.compile(r"(?:gmt|utc)?\s?([+-])(\d{2}):?(\d{2})\b", re.IGNORECASE)
_HALF_DAY = re.compile(r"\d ?(?:am|pm|a\.m|p\.m)\b")
_AFTERNOON = re.compile(r"下午|午後|오후|晚上")


def date(value: str) -> datetime | None:
    """The time in a copied Date header, in UTC if it names no zone.  None where it cannot be read."""
    value = value[:200]
    try:
        exact = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return _spelled(value)
    return exact if exact.tzinfo else exact.replace(tzinfo=UTC)


def _spelled(value: str) -> datetime | None:
    folded = fold_phrase(value)
    day = _day(folded)
    if day is None:
        return None
    year, month, number = day
    hour, minute, second = _clock(folded)
    try:
        return datetime(year, month, number, hour, minute, second, tzinfo=_zone(folded))
    except ValueError:
        return None


def _day(folded: str) -> tuple[int, int, int] | None:
    iso = _ISO.search(folded)
    if iso:
        return int(iso[1]), int(iso[2]), int(iso[3])
    numeric = _NUMERIC.search(folded)
    if numeric:
        american = numeric[2] == "/" and _HALF_DAY.search(folded) is not None
        return _numeric_day(int(numeric[1]), int(numeric[3]), int(numeric[4]), american=american)
    return _named_day(folded)


def _numeric_day(first: int, second: int, year: int, *, american: bool) -> tuple[int, int, int]:
    """Year, month and day.  The day comes first, except in American dates and where the second number is too large for a month."""
    year += 2000 if year < 100 else 0
    return (year, first, second) if second > 12 or (american and first <= 12) else (year, second, first)


def _named_day(folded: str) -> tuple[int, int, int] | None:
    words = re.findall(r"[^\W\d_]+", folded)
    month = next((month_numbers()[word] for word in words if word in month_numbers()), None)
    numbers = [int(number) for number in _NUMBERS.findall(_CLOCK.sub(" ", folded))[:6] if len(number) <= 4]
    year = next((number for number in numbers if number >= 1970), None)
    number = next((number for number in numbers if 1 <= number <= 31), None)
    return (year, month, number) if year and month and number else None


def _clock(folded: str) -> tuple[int, int, int]:
    times = [found for found in _CLOCK.finditer(folded) if int(found[1]) < 24 and int(found[2]) < 60]
    if not times:
        return 0, 0, 0
    found = next((time for time in times if ":" in time.group()), times[-1])
    hour = int(found[1])
    half = (found[4] or "").replace(".", "").lower()
    afternoon = half == "pm" or _AFTERNOON.search(folded) is not None
    if afternoon and hour < 12:
        hour += 12
    if half == "am" and hour == 12:
        hour = 0
    return hour, int(found[2]), min(int(found[3] or 0), 59)


def _zone(folded: str) -> timezone:
    found = _ZONE.search(folded)
    if found is None or int(found[2]) > 14:
        return UTC
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(offset if found[1] == "+" else -offset)
