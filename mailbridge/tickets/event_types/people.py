"""Events about the people of a ticket, and their appointments."""

from __future__ import annotations

from dataclasses import dataclass

from mailbridge.customers.entry import EntryPart
from mailbridge.tickets.event_types.stored import StoredEvent, stored_event
from mailbridge.tickets.model import Meeting, Participant


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantAdded:
    participant: Participant


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantRemoved:
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressesRevoked:
    """The signed reply addresses that were sent to this person on the ticket so far are revoked."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequesterChanged:
    before: str  # address
    after: Participant


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingSet:
    """An appointment was scheduled, moved or cancelled."""

    meeting: Meeting


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationAnswered:
    """A participant answered the invitation: `answer` is accepted, declined, tentative, delegated or counter."""

    author: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChanged:
    """A person, location or device of a customer changed, beside the files.  `before` None: it was not there; `after` None: it is gone."""

    customer: str
    part: EntryPart
    key: str
    name: str
    before: tuple[tuple[str, str], ...] | None
    after: tuple[tuple[str, str], ...] | None


PeopleEvent = (
    ParticipantAdded | ParticipantRemoved | AddressesRevoked | RequesterChanged | MeetingSet | InvitationAnswered | CustomerChanged
)

# The names under which these events are stored and published.
STORED: tuple[StoredEvent, ...] = (
    stored_event("participant_added", "ParticipantAdded", ParticipantAdded),
    stored_event("participant_removed", "ParticipantRemoved", ParticipantRemoved),
    stored_event("addresses_revoked", "AddressesRevoked", AddressesRevoked),
    stored_event("requester_changed", "RequesterChanged", RequesterChanged),
    stored_event("meeting_set", "MeetingSet", MeetingSet),
    stored_event("invitation_answered", "InvitationAnswered", InvitationAnswered),
    stored_event("customer_changed", "CustomerChanged", CustomerChanged),
)
