"""What somebody wants done.  Mails, rules, clocks and the command line all make these; `tickets.decide` alone judges them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from mailbridge.organisation.model import Priority
from mailbridge.tickets.model import Participant, WorkKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A new ticket.  Empty team, type and status mean the desk's defaults."""

    subject: str
    requester: Participant
    others: tuple[Participant, ...] = ()
    team: str = ""
    type: str = ""
    priority: Priority = Priority.NORMAL
    status: str = ""
    tags: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    assignee: str = ""
    channel: str = "mail"
    language: str = ""
    verified: bool = False
    rules_version: str = ""
    follows: int | None = None
    rule: str = ""  # the rule that chose; recorded as the actor of what it chose
    said_by: str = ""  # the agent who wrote to the customer first; '' where the customer wrote
    asked_at: datetime | None = None  # when the customer asked, where an agent passes it on later; promised times count from then


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerMessage:
    """A customer's mail on an existing ticket.  `automatic` mail is kept and moves nothing.  `sent`: it is no customer's, but went to the
    customer long ago, before the desk was; it moves nothing either."""

    author: str
    automatic: bool = False
    sent: bool = False
    others: tuple[Participant, ...] = ()  # people it copies, where the writer is proven


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReply:
    """An agent's text to the customer.  `doubt`: the key of why it is perhaps not meant for the customer, so that the agent is asked first
    ('short-answer', 'line-not-understood'); '' where there is none."""

    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InternalNote:
    """An agent's text for colleagues only; never reaches a customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStatus:
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    """`agent` is the short name; empty gives the ticket back to the team."""

    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTeam:
    team: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPriority:
    priority: Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class SetType:
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddTags:
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetField:
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddParticipant:
    """Somebody who hears of the ticket from now on."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeAddresses:
    """The signed reply addresses that this person got on the ticket are worth nothing from now on; the next mail brings a new one."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveTags:
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveParticipant:
    """Somebody who hears of the ticket no more; never the requester."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSubject:
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRequester:
    """Somebody else is the one who asks; who asked before stays a participant."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetChannel:
    """How the customer reached the desk: mail, phone, walk-in, chat."""

    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetContract:
    contract: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetEquipment:
    """By serial number or asset tag."""

    equipment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDue:
    """An agent's own date beside the promised ones; None takes it away."""

    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """Out of the lists until then; a customer's mail wakes it earlier.  The clocks of promised times go on."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSnooze:
    """The moment until which a ticket was snoozed has come."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleMeeting:
    """An appointment with the customer, who gets an invitation (RFC 5546); None calls it off."""

    at: datetime | None
    minutes: int = 60
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerInvitation:
    """Somebody's mail program answers an invitation of ours: `answer` is the PARTSTAT of RFC 5545 in small letters, or 'counter'."""

    author: str
    answer: str
    number: int
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`relation`: related, blocks, blocked-by, duplicates, duplicated-by, task-of, has-task; the other ticket gets its inverse."""

    ticket: int
    relation: str = "related"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """This ticket's mails, people and work go to `into`, which survives; this one is closed and points there."""

    into: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """`mail` leaves this ticket and opens the new one `ticket`, whose number was reserved.

    As somebody writes it both are 0: `execution.load_context` reserves the number and finds the message that was answered.
    """

    ticket: int
    mail: int
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordWork:
    """An activity (DK6).  `billable` None: as the policy says."""

    kind: WorkKind
    minutes: int
    day: date
    km: float = 0.0
    place: str = ""
    billable: bool | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectWork:
    """Other figures for an activity; 0 minutes take it back."""

    activity: int
    minutes: int
    km: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetEstimate:
    minutes: int
    by: str = ""  # 'type' or 'history' where no agent said it
    most: int | None = None  # what four of five such tickets did not exceed, where the past was asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate:
    """Up the chain: to its next level, or where `to` says (a chain, a team, an agent, a consultant, a skill)."""

    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """Yes to a held command.  `approval` 0: the only one that waits for this actor."""

    approval: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    approval: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindApproval:
    """Nobody has decided yet: the approvers and their deputies hear of it again."""

    approval: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireApproval:
    approval: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPlaybook:
    """Each of its tasks becomes a ticket under one of these numbers, which were reserved."""

    name: str
    tickets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """What this agent's latest mail did to the ticket is taken back, as new events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase:
    """What the mails of the ticket say is erased for good; that they were there stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseAlert:
    promise: str
    alert: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFailure:
    """A mail of ours did not arrive."""

    recipient: str
    what: str
    reason: str


Command = (
    Open
    | CustomerMessage
    | AgentReply
    | InternalNote
    | SetStatus
    | Close
    | Reopen
    | Assign
    | SetTeam
    | SetPriority
    | SetType
    | AddTags
    | SetField
    | AddParticipant
    | RemoveParticipant
    | RevokeAddresses
    | RemoveTags
    | SetSubject
    | SetRequester
    | SetChannel
    | SetContract
    | SetEquipment
    | SetDue
    | Snooze
    | EndSnooze
    | ScheduleMeeting
    | AnswerInvitation
    | Link
    | Merge
    | Split
    | RecordWork
    | CorrectWork
    | SetEstimate
    | Escalate
    | Approve
    | Reject
    | RemindApproval
    | ExpireApproval
    | StartPlaybook
    | Undo
    | Erase
    | RaiseAlert
    | ReportFailure
)
