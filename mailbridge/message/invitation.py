"""Our invitations as calendar files, and the parser for answers to them (RFC 5545, RFC 5546)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mailbridge.message import limits
from mailbridge.message.model import CalendarAnswer

REQUEST, CANCEL = "REQUEST", "CANCEL"
_LONGEST_UID, _LONGEST_WORD = 255, 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An appointment for one person.  Answers go to `organizer`, the address that leads back to the ticket.

    The same `uid` with a higher `sequence` moves the appointment in the reader's calendar (RFC 5546, 3.2.2); `cancelled` removes it
    (3.2.5).
    """

    uid: str
    sequence: int
    at: datetime
    minutes: int
    title: str
    organizer: str
    organizer_name: str
    attendee: str
    attendee_name: str = ""
    place: str = ""
    text: str = ""
    cancelled: bool = False
    rsvp: bool = True  # the calendar program is asked for an answer

    @property
    def method(self) -> str:
        return CANCEL if self.cancelled else REQUEST


def written(invitation: Invitation, stamp: datetime) -> bytes:
    """The calendar file as bytes: CRLF, lines folded.  `stamp` is DTSTAMP, the time of creation (RFC 5545, 3.8.7.2)."""
    # Importing this package takes longer than parsing a mail, so it is imported only for mails with an invitation.
    from icalendar import Calendar, Event

    event = Event()
    event.add("UID", invitation.uid)
    event.add("SEQUENCE", invitation.sequence)
    event.add("DTSTAMP", stamp.astimezone(UTC))
    event.add("DTSTART", invitation.at.astimezone(UTC))
    event.add("DTEND", (invitation.at + timedelta(minutes=invitation.minutes)).astimezone(UTC))
    event.add("SUMMARY", invitation.title)
    if invitation.place:
        event.add("LOCATION", invitation.place)
    if invitation.text:
        event.add("DESCRIPTION", invitation.text)
    event.add("STATUS", "CANCELLED" if invitation.cancelled else "CONFIRMED")
    event.add("ORGANIZER", _person(invitation.organizer, invitation.organizer_name))
    rsvp = "TRUE" if invitation.rsvp else "FALSE"
    asked = {} if invitation.cancelled else {"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": rsvp}
    event.add("ATTENDEE", _person(invitation.attendee, invitation.attendee_name, **asked))
    calendar = Calendar()
    calendar.add("PRODID", "-//mailbridge//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", invitation.method)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def answer(content: bytes) -> CalendarAnswer | None:
    """The answer in a calendar file: the attendee's PARTSTAT in lower case, 'counter' for a proposed other time.

    None for a broken file, or one that is no answer.
    """
    import icalendar

    try:
        found = icalendar.Calendar.from_ical(content[: limits.CALENDAR_BYTES].decode("utf-8", "replace"))
        method = str(found.get("METHOD", "")).upper()
        event = next((component for component in found.subcomponents if component.name == "VEVENT"), None)
        if event is None or method not in ("REPLY", "COUNTER"):
            return None
        people = event.get("ATTENDEE", [])
        first = people[0] if isinstance(people, list) else people
        said = "counter" if method == "COUNTER" else str(getattr(first, "params", {}).get("PARTSTAT", "")).lower()
        uid, sequence = str(event.get("UID", ""))[:_LONGEST_UID], int(event.get("SEQUENCE", 0))
        return CalendarAnswer(uid=uid, sequence=sequence, said=said[:_LONGEST_WORD])
    # The type of error depends on the defect of the file.  OSError: icalendar looks up the name of a zone as a file name.
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError, OSError):
        return None


def _person(address: str, name: str, **params: str) -> Any:
    from icalendar import vCalAddress, vText

    whom = vCalAddress(f"mailto:{address}")
    # RFC 5545, 3.2: a parameter cannot contain a quotation mark or a control character.
    shown = "".join(letter for letter in name.replace('"', "'") if letter.isprintable())
    named = {"CN": shown} if shown else {}
    for key, value in (named | params).items():
        whom.params[key] = vText(value)
    return whom
