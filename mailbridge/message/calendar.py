"""Summaries of invitations and of answers to them (RFC 5545, RFC 5546)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from mailbridge.message import charsets, limits
from mailbridge.message.header_text import shown_name, without_turns

_EVENTS = ("VEVENT", "VTODO")
_MOST_EVENTS = 20
_MOST_ATTENDEES = 50
_MOST_WORDS = 2000


def summary(content: bytes) -> str:
    """Summary of a calendar file: method, title, time, place, people, one fact for each line.  '' for a broken file or another format."""
    # Importing this package takes longer than parsing a mail, so it is imported only for mails with an invitation.
    import icalendar

    if b"BEGIN:VCALENDAR" not in content[:4096].upper():
        return ""
    try:
        found = icalendar.Calendar.from_ical(content[: limits.CALENDAR_BYTES].decode("utf-8", "replace"))
        lines = [f"Method: {found['METHOD']}"] if "METHOD" in found else []
        for number, event in enumerate(_events(found)):
            if number >= _MOST_EVENTS:
                break
            lines += ["", *_event(event)] if number else _event(event)
    # The type of error depends on the defect of the file.  OSError: icalendar looks up the name of a zone as a file name.
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError, OSError):
        return ""
    return without_turns(charsets.clean("\n".join(lines)))


def method(content: bytes) -> str:
    """The METHOD of a calendar file in upper case: REQUEST, REPLY, CANCEL, ...; '' for none."""
    for line in content[: limits.FIELD_BYTES].splitlines():
        name, colon, value = line.partition(b":")
        if colon and name.strip().upper() == b"METHOD":
            return value.strip().decode("ascii", "replace").upper()
    return ""


def _events(found: Any) -> Iterator[Any]:
    return (component for component in found.subcomponents if component.name in _EVENTS)


def _event(event: Any) -> list[str]:
    facts = [
        ("Title", _words(event.get("SUMMARY"))),
        ("When", _when(event)),
        ("Where", _words(event.get("LOCATION"))),
        ("Organizer", _person(event.get("ORGANIZER"))),
        ("Attendees", ", ".join(_attendees(event.get("ATTENDEE")))),
        ("Status", _words(event.get("STATUS"))),
        ("Repeats", _words(event["RRULE"].to_ical().decode("utf-8", "replace")) if "RRULE" in event else ""),
        ("Comment", _comments(event.get("COMMENT"))),
        ("Description", str(event.get("DESCRIPTION") or "")[:_MOST_WORDS].strip()),
    ]
    return [f"{name}: {value}" for name, value in facts if value]


def _words(value: object) -> str:
    return shown_name(str(value))[:_MOST_WORDS] if value else ""


def _comments(value: object) -> str:
    """The comments of the attendee (RFC 5545, 3.8.1.4: any number)."""
    comments = value if isinstance(value, list) else [value] if value else []
    return " / ".join(filter(None, (" ".join(str(comment).split()) for comment in comments)))[:_MOST_WORDS]


def _when(event: Any) -> str:
    start, end = _moment(event.get("DTSTART")), _moment(event.get("DTEND") or event.get("DUE"))
    return f"{start} - {end}" if start and end and start != end else start or end


def _moment(value: Any) -> str:
    moment = getattr(value, "dt", None)
    if isinstance(moment, datetime):
        zone = getattr(value, "params", {}).get("TZID", "") or (moment.tzname() or "")
        return f"{moment:%Y-%m-%d %H:%M} {zone}".strip()
    return moment.isoformat() if isinstance(moment, date) else ""


def _attendees(value: Any) -> Iterable[str]:
    people = value if isinstance(value, list) else [value] if value else []
    for person in people[:_MOST_ATTENDEES]:
        answer = str(getattr(person, "params", {}).get("PARTSTAT", "")).lower()
        yield f"{_person(person)} ({answer})" if answer else _person(person)


def _person(value: Any) -> str:
    if not value:
        return ""
    address = str(value)
    address = address[7:] if address.lower().startswith("mailto:") else address
    name = _words(getattr(value, "params", {}).get("CN", ""))
    return f"{name} <{_words(address)}>" if name and name != address else _words(address)
