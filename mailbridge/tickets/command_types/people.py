"""Commands about the people of a ticket, and their appointments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbridge.customers.entry import EntryPart, Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class AddParticipant:
    """Adds a participant, who is notified from now on."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeAddresses:
    """Revokes the signed reply addresses that this person got on the ticket.  The next mail to them carries a new one."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveParticipant:
    """Removes a participant, never the requester."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRequester:
    """Sets the requester.  The former requester stays a participant."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleMeeting:
    """Schedules an appointment with the customer, who gets an invitation (RFC 5546); None cancels it."""

    at: datetime | None
    minutes: int = 60
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerInvitation:
    """An answer of a calendar program to our invitation.  `answer`: the PARTSTAT of RFC 5545 in lower case, or 'counter'."""

    author: str
    answer: str
    number: int
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCustomer:
    """Adds, changes or removes a person, location or device of a customer, beside the files.  `customer` '': that of the requester."""

    verb: Verb
    part: EntryPart
    name: str = ""
    customer: str = ""
    values: tuple[tuple[str, str], ...] = ()


PeopleCommand = AddParticipant | RemoveParticipant | RevokeAddresses | SetRequester | ScheduleMeeting | AnswerInvitation | ChangeCustomer
