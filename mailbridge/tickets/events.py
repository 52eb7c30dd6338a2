"""What happened, in the past tense; append-only, the truth about a ticket.  `tickets.apply` folds them into a Ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailbridge.organisation.model import Priority
from mailbridge.tickets.model import Activity, Approval, Meeting, Participant, Ticket


class ActorKind(StrEnum):
    CUSTOMER = "customer"
    AGENT = "agent"
    RULE = "rule"
    CLOCK = "clock"
    ADMIN = "admin"  # the command line
    SYSTEM = "system"
    CONSULTANT = "consultant"  # somebody from outside whom an escalation asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it: an agent's name, a customer's address, a rule's name."""

    kind: ActorKind
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOpened:
    subject: str
    requester: Participant
    status: str
    priority: Priority
    team: str
    channel: str = "mail"
    language: str = ""
    verified: bool = False
    rules_version: str = ""
    asked_at: datetime | None = None  # of a mail that an agent passed on: when its writer sent it


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAdded:
    """A mail became part of the ticket.  `internal` true never reaches a customer; `to_customer` true is an agent's answer."""

    author: str  # address of a customer, name of an agent
    internal: bool = False
    to_customer: bool = False
    automatic: bool = False  # vacation, bounce: kept, moves nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged:
    before: str
    after: str
    closes: bool = False
    reopens: bool = False
    waits: bool = False  # the clocks stand from now on


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamChanged:
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssigneeChanged:
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityChanged:
    before: Priority
    after: Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeChanged:
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TagsAdded:
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSet:
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantAdded:
    participant: Participant


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantRemoved:
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressesRevoked:
    """The signed reply addresses that were sent to this person on the ticket so far count no more."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TagsRemoved:
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectChanged:
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequesterChanged:
    before: str  # address
    after: Participant


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChanged:
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueSet:
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snoozed:
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SnoozeEnded:
    """`by_mail`: a customer's mail came before the time was up."""

    by_mail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingSet:
    """Made, moved or called off."""

    meeting: Meeting


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationAnswered:
    """Somebody accepts or declines the appointment: `answer` is accepted, declined, tentative, delegated or counter."""

    author: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedInto:
    """On the ticket that ends: who survives, and which mails went there."""

    survivor: int
    mails: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedFrom:
    """On the survivor: whom it took in, with the people, tags and work of that ticket."""

    ticket: int
    participants: tuple[Participant, ...] = ()
    tags: tuple[str, ...] = ()
    activities: tuple[Activity, ...] = ()  # with ids of this ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class MailMoved:
    """A mail went to another ticket (`to`), or came from one (`came_from`)."""

    mail: int
    to: int | None = None
    came_from: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRecorded:
    activity: Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCorrected:
    before: Activity
    after: Activity | None  # None: taken back


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateSet:
    before: int | None
    after: int
    by: str
    most: int | None = None  # what four of five such tickets did not exceed, where the past was asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated:
    """Team and assignee change by their own events beside this one."""

    chain: str
    before: int
    after: int
    to: str  # the name of a team, an agent or a consultant
    kind: str = "team"  # which of the three: team, agent, consultant


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested:
    approval: Approval
    why: str  # the key of the policy that asks ('work-over', 'escalate', 'tag', …) or of the risk ('erase', 'merge-customers', 'many')


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalReminded:
    approval: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDecided:
    """`granted`: what was asked for follows as events of the asker; else `reason` says why not.

    `refused`: it was agreed to, and yet could not be done on the ticket as it is now: the key of why.  `line`, `asker` and `asked` (those
    who could decide) are of the approval, which the ticket forgets with this event.
    """

    approval: int
    granted: bool
    reason: str = ""
    expired: bool = False
    refused: str = ""
    line: str = ""
    asker: str = ""
    asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookStarted:
    name: str
    tasks: tuple[int, ...] = ()  # ticket numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """The events `undone` (their versions) count no more: the ticket is `restored`, but for `kept`, what others changed since.

    `stays`: what cannot be taken back: 'mail' (an answer that is sent), 'erased'.  `moved`: mails that go where they are to be now, each
    with its ticket.  `of`: the agent whose doing it was.  `reopens`: the ticket was closed until now.
    """

    undone: tuple[int, ...]
    restored: Ticket
    kept: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    moved: tuple[tuple[int, int], ...] = ()
    of: str = ""
    reopens: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentErased:
    mails: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    relation: str
    ticket: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised:
    """A clock spoke: `alert` is warning, overdue or unclaimed; `promise` is response, resolution or claim."""

    promise: str
    alert: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailed:
    """A mail of ours could not be delivered: `recipient` did not get `what`."""

    recipient: str
    what: str
    reason: str


TicketEvent = (
    TicketOpened
    | MessageAdded
    | StatusChanged
    | TeamChanged
    | AssigneeChanged
    | PriorityChanged
    | TypeChanged
    | TagsAdded
    | FieldSet
    | ParticipantAdded
    | ParticipantRemoved
    | AddressesRevoked
    | TagsRemoved
    | SubjectChanged
    | RequesterChanged
    | ChannelChanged
    | DueSet
    | Snoozed
    | SnoozeEnded
    | MeetingSet
    | InvitationAnswered
    | MergedInto
    | MergedFrom
    | MailMoved
    | WorkRecorded
    | WorkCorrected
    | EstimateSet
    | Escalated
    | ApprovalRequested
    | ApprovalReminded
    | ApprovalDecided
    | PlaybookStarted
    | Undone
    | ContentErased
    | Linked
    | AlertRaised
    | DeliveryFailed
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One happening on one ticket, with who, when, and from which mail."""

    ticket: int
    at: datetime
    actor: Actor
    what: TicketEvent
    mail: int | None = None
