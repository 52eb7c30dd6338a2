"""Parses the arguments of commands about work: durations, distances, days, places."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mailbridge.mail_commands import dates, durations
from mailbridge.mail_commands.date_arguments import wall
from mailbridge.mail_commands.model import UNKNOWN, Author, Meaning
from mailbridge.mail_commands.normalise import bare, unquoted
from mailbridge.mail_commands.vocabulary import Vocabulary, fold, vocabulary
from mailbridge.tickets.command_types.work import CorrectWork, RecordWork, SetEstimate
from mailbridge.tickets.model import WorkKind

_CORRECTION = re.compile(r"#?([0-9]{1,6})\s*=(.*)")
_SPAN = re.compile(r"\s*([01]?\d|2[0-3]):([0-5]\d)\s*[-–—]\s*([01]?\d|2[0-3]):([0-5]\d)(?=[\s,;]|$)")  # 17:00-19:30
_PLACE = re.compile(r"(?<!\S)@(?:\"([^\"]+)\"|(\S+))")
_BETWEEN = " ,;:.-–—"


def time_spent(argument: str, author: Author) -> Meaning:
    return _work(WorkKind.WORKED, argument, author)


def travel(argument: str, author: Author) -> Meaning:
    return _work(WorkKind.TRAVELLED, argument, author)


def estimate(argument: str, author: Author) -> Meaning:
    found = durations.whole(bare(argument), vocabulary(author.language))
    return (SetEstimate(minutes=found),) if found else UNKNOWN


def _work(kind: WorkKind, argument: str, author: Author) -> Meaning:
    """`45m` or `17:00-17:45`, `25km`, in any order; then optionally a day, `not billable` at either end, `@place`, and a text (for travel:
    the place)."""
    correction = _CORRECTION.fullmatch(argument.strip())
    if correction:
        return _correction(int(correction[1]), correction[2], author)
    known = vocabulary(author.language)
    span = _SPAN.match(argument)
    if span:
        argument = f"{_span_minutes(span)}m {argument[span.end() :]}"
    where = _PLACE.search(argument)
    place = (where[1] or where[2]) if where else ""
    written = durations.protected(argument[: where.start()] + argument[where.end() :] if where else argument).split()
    billable, written = _billable(written, known)
    minutes, km, at = _figures(written, known)
    if minutes is None and km is None:
        return UNKNOWN
    words = [fold(word).rstrip(",;:") for word in written]
    day = dates.past_day(words, at, wall(author))
    if day and day[1] > at:
        at = day[1]
    if billable is None:
        billable, written = _billable(written[:at] + written[at:], known, at)
    rest = " ".join(written[at:]).strip(_BETWEEN)
    text, place = ("", place or rest) if kind is WorkKind.TRAVELLED else (unquoted(rest), place)
    when = day[0] if day else wall(author).local.date()
    start, minutes = _since(span, when, author, minutes)
    return (
        RecordWork(
            kind=kind, minutes=minutes or 0, day=when, km=km or 0.0, place=unquoted(place), billable=billable, text=text, start=start
        ),
    )


def _span_minutes(span: re.Match[str]) -> int:
    """The minutes between the two times by the wall clock; an end before the start is on the next day."""
    begin, end = (60 * int(span[hour]) + int(span[hour + 1]) for hour in (1, 3))
    return (end - begin) % (24 * 60)


def _since(span: re.Match[str] | None, day: date, author: Author, minutes: int | None) -> tuple[datetime | None, int | None]:
    """When the work began, and its minutes as they passed: in the nights of the clock change more or fewer than the times say."""
    if span is None:
        return None, minutes
    zone = ZoneInfo(author.zone)
    begin = datetime.combine(day, time(int(span[1]), int(span[2])), zone)
    last = day + timedelta(days=(int(span[3]), int(span[4])) < (int(span[1]), int(span[2])))
    end = datetime.combine(last, time(int(span[3]), int(span[4])), zone)
    begin, end = begin.astimezone(UTC), end.astimezone(UTC)
    return begin, max(0, int((end - begin) / timedelta(minutes=1)))


def _correction(activity: int, said: str, author: Author) -> Meaning:
    known = vocabulary(author.language)
    words = durations.protected(said).split()
    minutes, km, end = _figures(words, known)
    if end != len(words) or minutes is None:
        return UNKNOWN
    return (CorrectWork(activity=activity, minutes=minutes, km=km),)


def _figures(written: list[str], known: Vocabulary) -> tuple[int | None, float | None, int]:
    """Minutes and kilometres at the start, and the index of the rest."""
    words = [fold(word).rstrip(",;:") for word in written]
    minutes: int | None = None
    km: float | None = None
    at = 0
    while at < len(words):
        far = _kilometres(words, at, known) if km is None else None
        if far:
            km, at = far
            continue
        long = durations.minutes(words, at, known) if minutes is None else None
        if long is None:
            break
        minutes, at = long
    return minutes, km, at


def _kilometres(words: list[str], at: int, known: Vocabulary) -> tuple[float, int] | None:
    found = re.fullmatch(r"([0-9]{1,5}(?:\.[0-9]{1,3})?)([^\W\d_]*)\.?", words[at])
    if not found:
        return None
    if found[2] in known.km:
        return float(found[1]), at + 1
    following = at + 1 < len(words) and not found[2] and words[at + 1].rstrip(".") in known.km
    return (float(found[1]), at + 2) if following else None


def _billable(written: list[str], known: Vocabulary, start: int = 0) -> tuple[bool | None, list[str]]:
    """Whether it is marked as billable, at the start (from `start` on) or at the end, and the other words."""
    words = [fold(word).strip(".,;()") for word in written]
    for phrase in known.billable:
        length = len(phrase)
        if tuple(words[start : start + length]) == phrase:
            return known.billable[phrase], written[:start] + written[start + length :]
        if len(words) - length >= start and tuple(words[-length:]) == phrase:
            return known.billable[phrase], written[:-length]
    return None, written
