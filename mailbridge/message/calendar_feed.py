"""Closed times from an iCalendar feed (RFC 5545): public holidays, company holidays, absences.

Transparency (TRANSP) is ignored, because feeds of public holidays mark their days as free.  A feed is untrusted text: events are read one
by one, the numbers of events and times are limited, and a rule is expanded only inside a window of days.  A rule that never gives a date
can still run for minutes, so the caller runs this in a child process with a time limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Any

MOST_EVENTS = 20_000
MOST_ZONES = 50  # zones that a feed defines itself
MOST_TIMES = 50_000  # times inside the window, all events together
_FREQUENCIES = frozenset({"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"})
_DAY = timedelta(days=1)
_BROKEN = (ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError, OSError)


class BadFeed(ValueError):
    """The content is no calendar, or exceeds a limit.  The message names the error."""


@dataclass(slots=True)
class FeedTimes:
    """Closed times of a feed: whole days, times in UTC, and local times without a zone (the reader's zone applies).

    `skipped`: number of events that could not be read.
    """

    days: set[date] = field(default_factory=set)
    spans: set[tuple[datetime, datetime]] = field(default_factory=set)
    floating: set[tuple[datetime, datetime]] = field(default_factory=set)
    events: int = 0
    skipped: int = 0

    def add(self, begins: date | datetime, ends: date | datetime) -> None:
        if isinstance(begins, datetime) and isinstance(ends, datetime):
            if begins.tzinfo is None:
                self.floating.add((begins, ends.replace(tzinfo=None)))
            else:
                self.spans.add((begins.astimezone(UTC), ends.astimezone(UTC)))
        else:
            self.days.update(begins + _DAY * number for number in range(ends.toordinal() - begins.toordinal()))
        if len(self.days) + len(self.spans) + len(self.floating) > MOST_TIMES:
            raise BadFeed(f"more than {MOST_TIMES} closed times")


def feed_times(content: bytes, first: date, last: date) -> FeedTimes:
    """The closed times of the feed that touch the days from `first` to `last`, both inclusive.  Raises BadFeed."""
    blocks = _blocks(content)
    _learn_zones(blocks["VTIMEZONE"])
    found = FeedTimes(events=len(blocks["VEVENT"]))
    changed: dict[str, set[datetime | date]] = {}
    single: list[Any] = []
    repeated: list[Any] = []
    for text in blocks["VEVENT"]:
        try:
            event = _event(text)
            moved = event.get("RECURRENCE-ID")
            if moved is not None:
                changed.setdefault(str(event.get("UID", "")), set()).add(_naive(moved.dt))
            (repeated if "RRULE" in event or "RDATE" in event else single).append(event)
        except _BROKEN:
            found.skipped += 1
    if found.skipped and found.skipped == found.events:
        raise BadFeed("none of its events can be read")
    for event in chain(single, repeated):
        try:
            for begins, ends in _times(event, changed, first, last):
                found.add(begins, ends)
        except BadFeed:
            raise
        except _BROKEN:
            found.skipped += 1
    return found


def _blocks(content: bytes) -> dict[str, list[str]]:
    """The texts of the events and of the zones.  Raises BadFeed if the content is no calendar or is truncated."""
    lines = content.decode("utf-8-sig", "replace").strip().splitlines() or [""]
    if lines[0].strip().upper() != "BEGIN:VCALENDAR":
        raise BadFeed("it is no iCalendar: it does not begin with BEGIN:VCALENDAR")
    if lines[-1].strip().upper() != "END:VCALENDAR":
        raise BadFeed("it is cut off: it does not end with END:VCALENDAR")
    found: dict[str, list[str]] = {"VEVENT": [], "VTIMEZONE": []}
    kind, begun = "", 0
    for number, line in enumerate(lines):
        word = line.strip().upper()
        if not kind and word.startswith("BEGIN:") and word[6:] in found:
            kind, begun = word[6:], number
        elif kind and word == f"END:{kind}":
            found[kind].append("\r\n".join(lines[begun : number + 1]) + "\r\n")
            kind = ""
            _bounded(found)
    return found


def _bounded(found: dict[str, list[str]]) -> None:
    if len(found["VEVENT"]) > MOST_EVENTS:
        raise BadFeed(f"more than {MOST_EVENTS} events")
    if len(found["VTIMEZONE"]) > MOST_ZONES:
        raise BadFeed(f"more than {MOST_ZONES} zones")


def _learn_zones(blocks: list[str]) -> None:
    """Registers the zones that the feed defines.  A zone that cannot be read is looked up in the zone database."""
    import icalendar

    for block in blocks:
        try:
            icalendar.Calendar.from_ical(f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{block}END:VCALENDAR\r\n")
        except _BROKEN:
            continue


def _event(text: str) -> Any:
    import icalendar

    event = icalendar.Event.from_ical(text)
    if "DTSTART" not in event:
        raise ValueError("an event without a beginning")
    return event


def _times(event: Any, changed: dict[str, set[datetime | date]], first: date, last: date) -> Iterator[tuple[Any, Any]]:
    """(begins, ends) of each time of the event that touches the window."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    start = event["DTSTART"].dt
    length = _length(event, start)
    if length <= timedelta(0):
        return
    elsewhere = changed.get(str(event.get("UID", "")), set()) if "RECURRENCE-ID" not in event else set()
    zone = start.tzinfo if isinstance(start, datetime) else None
    for begins in _begins(event, start, length, first, last):
        shown = begins if isinstance(start, datetime) else begins.date()
        if shown in elsewhere:
            continue
        if zone is not None and isinstance(shown, datetime):
            shown = shown.replace(tzinfo=zone)
            yield shown, (shown.astimezone(UTC) + length)  # a length is of real time, RFC 5545 3.3.6
        else:
            yield shown, shown + length


def _length(event: Any, start: date | datetime) -> timedelta:
    """The duration: from DTEND, else DURATION, else one day for a date and zero for a time (RFC 5545 3.6.1)."""
    if "DTEND" in event:
        end = event["DTEND"].dt
        if isinstance(start, datetime) != isinstance(end, datetime):
            raise ValueError("a beginning and an end of different kinds")
        if isinstance(start, datetime) and start.tzinfo is not None:
            return timedelta(seconds=(end.astimezone(UTC) - start.astimezone(UTC)).total_seconds())
        return timedelta(seconds=(end - start).total_seconds())
    if "DURATION" in event:
        return timedelta(seconds=event["DURATION"].dt.total_seconds())
    return timedelta(0) if isinstance(start, datetime) else _DAY


def _begins(event: Any, start: date | datetime, length: timedelta, first: date, last: date) -> Iterator[datetime]:
    """The start of each occurrence inside the window, without a zone."""
    opens, closes = datetime.combine(first, time.min) - length, datetime.combine(last, time.max)
    begins = _midnight(_naive(start))
    if "RRULE" not in event and "RDATE" not in event:
        if opens <= begins <= closes:
            yield begins
        return
    yield from _rules(event, begins, start, closes).between(opens, closes, inc=True)


def _rules(event: Any, begins: datetime, start: date | datetime, closes: datetime) -> Any:
    from dateutil.rrule import rruleset, rrulestr

    rules = rruleset()
    rules.rdate(begins)
    for rule in _several(event.get("RRULE")):
        if str((rule.get("FREQ") or [""])[0]).upper() not in _FREQUENCIES:
            raise ValueError("it repeats within an hour")
        until = [min(_midnight(_in_zone(one, start)), closes) for one in rule.get("UNTIL", [])]
        parts = {name: value for name, value in rule.items() if name.upper() != "UNTIL"}
        text = type(rule)(parts).to_ical().decode()
        bound = until[0] if until else None if "COUNT" in rule else closes
        rules.rrule(rrulestr(text, dtstart=begins).replace(**({"until": bound} if bound is not None else {})))
    for name, add in (("RDATE", rules.rdate), ("EXDATE", rules.exdate)):
        for dates in _several(event.get(name)):
            for one in dates.dts:
                value = one.dt[0] if isinstance(one.dt, tuple) else one.dt  # a PERIOD is a tuple that begins with its start
                add(_midnight(_in_zone(value, start)))
    return rules


def _several(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _in_zone(value: date | datetime, start: date | datetime) -> date | datetime:
    """The time without a zone, converted to the zone of the event's start."""
    if isinstance(value, datetime) and value.tzinfo is not None and isinstance(start, datetime) and start.tzinfo is not None:
        return value.astimezone(start.tzinfo).replace(tzinfo=None)
    if isinstance(value, datetime) and not isinstance(start, datetime):
        return value.date()
    return _naive(value)


def _naive(value: date | datetime) -> date | datetime:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def _midnight(value: date | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time.min)

