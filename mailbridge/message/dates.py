"""Date fields: mail-parser's reading, then a lenient one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from mailbridge.message import header_parsing

_FAILURES = (ValueError, TypeError, OverflowError, IndexError)
_LENIENT = frozenset({"invalid-date-syntax", "invalid-zone"})
_COMMENT = re.compile(r"\([^()]*\)")
_SPACES = re.compile(r"\s+")
# Day, month, year and time in any position, with the separators that mailers use.
_LOOSE = re.compile(
    r"(?P<day>\d{1,2})[\s.-]+(?P<month>[A-Za-z]{3})[a-z]*[\s.,-]+(?P<year>\d{4}|\d\d)[\s,T]+"
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d))?(?:\.\d+)?"
    r"\s*(?P<half>[AaPp][Mm])?\s*(?:(?:GMT|UTC?)(?=[+-]))?(?P<zone>[+-]\d{2}:?\d{2}|[A-Z]{1,5})?"
)
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d{1,6})?(?: ?(?:Z|[+-]\d\d:?\d\d))?")
_LONGEST = 200


def read_date(value: str) -> tuple[datetime | None, tuple[str, ...]]:
    """The time in UTC or None, and fixed phrases for the defects of the field."""
    if not value.strip():
        return None, ("empty",)
    if len(value) > _LONGEST:
        value = _SPACES.sub(" ", _COMMENT.sub(" ", value[: 10 * _LONGEST]))[:_LONGEST]
    moment, doubts = header_parsing.date(value)
    # The lenient reading corrects the notation, not a day or an hour that does not exist.
    if moment is not None or not _LENIENT.intersection(doubts):
        return moment, doubts
    moment = _iso(value) or _loose(value) or _standard(value)
    return moment, doubts


def shown_date(written: datetime | None, received: datetime, *, old: bool = False) -> datetime | None:
    """The date to show for a mail with this Date field; None if it is implausibly far from the time of receipt.

    The tolerance covers days in queues and clocks that are hours off.  `old`: an archive or a forwarded mail, which may be of any year of
    e-mail.
    """
    if written is None or written > received + _FAST_CLOCK or written < _FIRST_DAY:
        return None
    return None if not old and written < received - _LONGEST_WAY else written


_FAST_CLOCK = timedelta(days=1)
_LONGEST_WAY = timedelta(days=30)
_FIRST_DAY = datetime(1971, 1, 2, tzinfo=UTC)  # before e-mail; a machine without a clock says 1970


def _iso(value: str) -> datetime | None:
    match = _ISO.match(value.strip())
    if not match:
        return None
    try:
        return _utc(datetime.fromisoformat(match[0].replace(" +", "+").replace(" -", "-")))
    except _FAILURES:
        return None


def _standard(value: str) -> datetime | None:
    try:
        return _utc(parsedate_to_datetime(value))
    except _FAILURES:
        return None


def _loose(value: str) -> datetime | None:
    match = _LOOSE.search(value)
    if not match:
        return None
    hour = int(match["hour"]) % 12 + 12 * (match["half"] in {"PM", "pm", "Pm"}) if match["half"] else int(match["hour"])
    zone = (match["zone"] or "+0000").replace(":", "")
    written = f"{match['day']} {match['month'].title()} {match['year']} {hour:02}:{match['minute']}:{match['second'] or '00'} {zone}"
    return _standard(written)


def _utc(moment: datetime) -> datetime | None:
    try:
        aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        return aware.astimezone(UTC) if aware.year >= 1900 else None
    except _FAILURES:
        return None
