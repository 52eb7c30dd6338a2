"""The ticket and its parts: participants, activities, approvals, meetings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from mailbridge.message.replacing import quickly_made
from mailbridge.organisation.priority import Priority

FOLLOW = "follow-the-sun"  # the field with the team whose regions hand the ticket over
OUTGOING = "outgoing"  # the channel of tickets that an agent began by writing to a customer
IMPORTED = "import"  # the channel of tickets from an archive: no SLA targets, no notifications


class Role(StrEnum):
    """The role of a person on a ticket."""

    REQUESTER = "requester"
    PARTICIPANT = "participant"  # is notified and may write
    MENTIONED = "mentioned"  # was in To or Cc: may write, and is notified only after an agent added the address


ASKING = "asking"  # the ticket's field that says what became of the request of somebody who may not ask; its values:
ASKED = "asked"  # and whom
QUEUED, GRANTED, DECLINED, REFUSED = "queued", "granted", "declined", "refused"
LIST_FIELD = "mailing_list"  # field of a ticket: the address of the mailing list it came from


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    address: str
    name: str = ""
    role: Role = Role.REQUESTER
    language: str = ""


class WorkKind(StrEnum):
    """The kind of an activity (DK6)."""

    WORKED = "worked"
    TRAVELLED = "travelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Work on a ticket.  `id` counts the ticket's activities from 1.  A correction replaces the values and keeps the id."""

    id: int
    agent: str
    kind: WorkKind
    day: date  # in the agent's zone
    minutes: int  # as written
    charged: int = 0  # minutes after the policy's rounding; 0 where it is not billable
    km: float = 0.0
    place: str = ""
    billable: bool = True
    text: str = ""
    start: datetime | None = None  # when it began; None: nobody said


class ApprovalKind(StrEnum):
    """Who has to approve a held request."""

    CONFIRMATION = "confirmation"  # by its author: it cannot be undone, or changes much
    APPROVAL = "approval"  # by a manager (DK7)
    DELAY = "delay"  # by nobody: it is an answer that goes when its time has come, unless its author stops it


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCommand:
    """A command as JSON: name and version of its entry in `tickets.stored_commands`, and its fields as plain values."""

    name: str
    version: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A request that is held until it is approved, on this ticket or on the tickets it names.

    Approvals of older versions have no `commands`: their `line` is parsed as on the day it was written.
    """

    id: int  # counts the ticket's approvals from 1
    kind: ApprovalKind
    line: str  # the request as text, for display
    asker: str  # the agent who made the request
    approvers: tuple[str, ...]  # agents; one of them decides
    asked_at: datetime
    expires_at: datetime
    remind_at: datetime | None = None
    deputies: tuple[str, ...] = ()  # are notified and may decide from the reminder on
    mail: int | None = None  # the mail with the request
    commands: tuple[StoredCommand, ...] = ()
    tickets: tuple[int, ...] = ()  # of the request; empty: the ticket of the approval
    why: str = ""  # the trigger or risk, as in ApprovalRequested
    agreed: tuple[str, ...] = ()  # triggers of the same request that are approved already


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    at: datetime
    minutes: int = 60
    place: str = ""
    sequence: int = 0  # RFC 5545 SEQUENCE: number of changes
    number: int = 1  # counts the ticket's appointments; after a cancelled one the next gets a new number
    cancelled: bool = False
    answers: tuple[tuple[str, str], ...] = ()  # (address, 'accepted', 'declined', 'tentative', …), of this SEQUENCE

    @property
    def ends(self) -> datetime:
        return self.at + timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Planned work of one agent on a ticket.  `id` counts the ticket's plans from 1.  A change keeps the id, a cancelled plan stays."""

    id: int
    agent: str
    at: datetime
    minutes: int
    text: str = ""
    by: str = ""  # the agent who planned it; empty: the command line
    uid: str = ""  # names it in calendars, for good: also after a merge
    sequence: int = 0  # RFC 5545 SEQUENCE: number of changes
    cancelled: bool = False
    done: int | None = None  # the activity that was recorded for it

    @property
    def ends(self) -> datetime:
        return self.at + timedelta(minutes=self.minutes)

    @property
    def is_open(self) -> bool:
        """Whether the work is still to be done."""
        return not self.cancelled and self.done is None


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The current state of a ticket.  `tickets.apply` rebuilds it from its events; `version` is their number."""

    id: int
    subject: str
    status: str
    priority: Priority
    team: str
    created_at: datetime
    updated_at: datetime
    version: int = 0
    type: str = ""
    assignee: str = ""  # an agent's name; empty: unassigned
    tags: tuple[str, ...] = ()
    participants: tuple[Participant, ...] = ()
    channel: str = "mail"
    language: str = ""
    verified: bool = False  # the author of its first mail was authenticated
    first_answered_at: datetime | None = None
    answered_at: datetime | None = None  # time of the latest reply
    answered_by: str = ""
    claimed_at: datetime | None = None
    waits: tuple[tuple[datetime, datetime | None], ...] = ()  # (from, to) of the pauses of its clocks; to None: it is paused now
    closed_at: datetime | None = None
    links: tuple[tuple[str, int], ...] = ()  # ("possible-follow-up", ticket id)
    fields: tuple[tuple[str, str], ...] = ()  # custom fields from named captures
    rules_version: str = ""
    promised_under: str = ""  # the version of the rules whose contract and level the ticket has; '' where it has none
    due_at: datetime | None = None  # due date set by hand, beside the SLA targets
    due_since: datetime | None = None  # when the due date was set; the warning comes in the last quarter of the time between
    snoozed_until: datetime | None = None  # not in the lists until then; the clocks go on
    merged_into: int | None = None  # the survivor, which gets mail for this ticket
    absorbed: tuple[int, ...] = ()  # tickets merged into this one
    activities: tuple[Activity, ...] = ()
    approvals: tuple[Approval, ...] = ()  # open approvals
    approvals_asked: int = 0  # the last approval id
    estimate: int | None = None  # minutes
    estimate_most: int | None = None  # minutes; 80th percentile of such tickets
    estimated_by: str = ""  # source of the estimate: an agent, 'type', 'history' or a rule
    chain: str = ""  # the current escalation chain
    level: int = 0  # the level of that chain; 0: not escalated
    meeting: Meeting | None = None
    plans: tuple[Plan, ...] = ()
    playbooks: tuple[str, ...] = ()  # started on this ticket
    empty_bank: str = ""  # the hour bank whose emptiness stops the clocks; '': none
    followers: tuple[str, ...] = ()  # agents who hear of it without being assigned
    muted: tuple[str, ...] = ()  # agents who do not hear of what may be silenced
    spam: bool = False
    rating: int | None = None  # the requester's grade, 1 to 5
    rated_at: datetime | None = None  # when the first grade was given
    rating_asked_at: datetime | None = None
    identity: str = ""  # the desk's address that mails to customers come from, lower case; '': that of the team, else the desk's own
    revoked: tuple[tuple[str, int], ...] = ()  # (address in lower case, number of revocations of its reply addresses)

    @property
    def sla(self) -> str:
        """The level of service that a rule chose, a name in `Organisation.levels`; empty: the default targets."""
        return dict(self.fields).get("sla", "")

    @property
    def follow(self) -> str:
        """The team whose regions hand this ticket over (follow the sun); empty: none."""
        return dict(self.fields).get(FOLLOW, "")

    @property
    def requester(self) -> Participant | None:
        for person in self.participants:
            if person.role is Role.REQUESTER:
                return person
        return None

    def participant(self, address: str) -> Participant | None:
        key = address.lower()
        return next((p for p in self.participants if p.address.lower() == key), None)
