"""Who and what the desk is about: teams, agents, tickets, and the organisation that the admin's YAML describes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from mailbridge.organisation.model import Priority

FOLLOW = "follow-the-sun"  # the field that holds the team of a ticket which its regions hand round
IMPORTED = "import"  # the channel of tickets from an archive: nothing is promised on them and nobody is told of them


class Role(StrEnum):
    """What somebody is on a ticket."""

    REQUESTER = "requester"
    PARTICIPANT = "participant"  # hears about it and may write
    MENTIONED = "mentioned"  # stood in To or Cc: may write, hears nothing until somebody with rights agrees


LIST_FIELD = "mailing_list"  # of a ticket: an address at which everybody on a list reads what is answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    address: str
    name: str = ""
    role: Role = Role.REQUESTER
    language: str = ""


class WorkKind(StrEnum):
    """What an activity was (DK6)."""

    WORKED = "worked"
    TRAVELLED = "travelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Work done on a ticket.  `id` counts the ticket's activities from 1; a correction replaces the figures and keeps the id."""

    id: int
    agent: str
    kind: WorkKind
    day: date  # the day it was done, in the agent's zone
    minutes: int  # as told
    charged: int = 0  # minutes after the policy's rounding; 0 where it is not billable
    km: float = 0.0
    place: str = ""
    billable: bool = True
    text: str = ""


class ApprovalKind(StrEnum):
    """Whose yes a held command waits for."""

    CONFIRMATION = "confirmation"  # of the one who asked for it: it cannot be taken back, or touches much
    APPROVAL = "approval"  # of a manager (DK7)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCommand:
    """A command as JSON: the name and version of its entry in `tickets.stored_commands`, and its fields as plain values."""

    name: str
    version: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A request that waits for a yes to one matter, on this ticket or on those it names.

    Approvals that older programs stored have no `commands`: what waits there is `line`, understood as on the day it was written.
    """

    id: int  # counts the approvals of the ticket from 1
    kind: ApprovalKind
    line: str  # the words, for showing
    asker: str  # the agent who wants it
    approvers: tuple[str, ...]  # agents; any one of them decides
    asked_at: datetime
    expires_at: datetime
    remind_at: datetime | None = None
    deputies: tuple[str, ...] = ()  # hear of it, and may decide, from the reminder on
    mail: int | None = None  # the mail the line stood in
    commands: tuple[StoredCommand, ...] = ()
    tickets: tuple[int, ...] = ()  # for which tickets; empty: the one it waits on
    why: str = ""  # the matter or risk that the yes is about, as in ApprovalRequested
    agreed: tuple[str, ...] = ()  # matters of the same request to which the yes is there already


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    at: datetime
    minutes: int = 60
    place: str = ""
    sequence: int = 0  # RFC 5545 SEQUENCE: how often it was moved
    number: int = 1  # counts the appointments of the ticket: after one was cancelled the next is another one
    cancelled: bool = False
    answers: tuple[tuple[str, str], ...] = ()  # (address, 'accepted', 'declined', 'tentative', …), of this SEQUENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The state of a ticket now.  Rebuildable from its events by `tickets.apply`; `version` counts them."""

    id: int
    subject: str
    status: str
    priority: Priority
    team: str
    created_at: datetime
    updated_at: datetime
    version: int = 0
    type: str = ""
    assignee: str = ""  # an agent's name; empty: nobody has taken it
    tags: tuple[str, ...] = ()
    participants: tuple[Participant, ...] = ()
    channel: str = "mail"
    language: str = ""
    verified: bool = False  # its first mail came from an authenticated address
    first_answered_at: datetime | None = None
    answered_at: datetime | None = None  # the latest answer, and which agent's
    answered_by: str = ""
    claimed_at: datetime | None = None
    waits: tuple[tuple[datetime, datetime | None], ...] = ()  # when it waited for others and its clocks stood; None: still does
    closed_at: datetime | None = None
    links: tuple[tuple[str, int], ...] = ()  # ("possible-follow-up", ticket id)
    fields: tuple[tuple[str, str], ...] = ()  # custom fields from named captures
    rules_version: str = ""
    due_at: datetime | None = None  # what an agent set by hand, beside the promised times
    due_since: datetime | None = None  # when that was set: the warning comes in the last part of the time between
    snoozed_until: datetime | None = None  # out of the lists until then; the clocks go on
    merged_into: int | None = None  # the survivor; mail for this ticket lands there
    absorbed: tuple[int, ...] = ()  # tickets that were merged into this one
    activities: tuple[Activity, ...] = ()
    approvals: tuple[Approval, ...] = ()  # those still waiting for a yes
    approvals_asked: int = 0  # how many were ever asked for: the last id given
    estimate: int | None = None  # minutes
    estimate_most: int | None = None  # minutes that four of five such tickets did not exceed
    estimated_by: str = ""  # an agent, 'type', 'history' or a rule: where the estimate comes from
    chain: str = ""  # the escalation chain it is on
    level: int = 0  # how far up that chain; 0: not escalated
    meeting: Meeting | None = None
    playbooks: tuple[str, ...] = ()  # started on this ticket
    revoked: tuple[tuple[str, int], ...] = ()  # (address in small letters, how often its reply addresses here were revoked)

    @property
    def sla(self) -> str:
        """The level of service a rule chose, a name in `Organisation.levels`; empty: the desk's usual targets."""
        return dict(self.fields).get("sla", "")

    @property
    def follow(self) -> str:
        """The team whose regions hand this ticket round with the sun; empty: it stays where it is."""
        return dict(self.fields).get(FOLLOW, "")

    @property
    def requester(self) -> Participant | None:
        return next((p for p in self.participants if p.role is Role.REQUESTER), None)

    def participant(self, address: str) -> Participant | None:
        key = address.lower()
        return next((p for p in self.participants if p.address.lower() == key), None)
