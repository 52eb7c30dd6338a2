"""Events: what happened to a ticket, in the past tense.  Events are append-only and the source of truth.  `tickets.apply` applies them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbridge.organisation.model import Priority
from mailbridge.tickets.actor import Actor
from mailbridge.tickets.model import Activity, Approval, Meeting, Participant, Ticket


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
    asked_at: datetime | None = None  # of a forwarded mail: when its author sent it


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAdded:
    """A mail became part of the ticket.  `internal`: customers never see it.  `to_customer`: an agent's reply."""

    author: str  # address of a customer, name of an agent
    internal: bool = False
    to_customer: bool = False
    automatic: bool = False  # vacation reply, bounce: stored, changes nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged:
    before: str
    after: str
    closes: bool = False
    reopens: bool = False
    waits: bool = False  # the clocks are paused from now on


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
    """The signed reply addresses that were sent to this person on the ticket so far are revoked."""

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
    """A snooze ended.  `by_mail`: a customer's mail came before its end."""

    by_mail: bool = False


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
class MergedInto:
    """On the ticket that ends: the survivor, and the mails that moved there."""

    survivor: int
    mails: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedFrom:
    """On the survivor: the ticket that was merged into it, with its people, tags and work."""

    ticket: int
    participants: tuple[Participant, ...] = ()
    tags: tuple[str, ...] = ()
    activities: tuple[Activity, ...] = ()  # with ids of this ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class MailMoved:
    """A mail moved to another ticket (`to`), or from one (`came_from`)."""

    mail: int
    to: int | None = None
    came_from: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRecorded:
    activity: Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCorrected:
    before: Activity
    after: Activity | None  # None: deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateSet:
    before: int | None
    after: int
    by: str
    most: int | None = None  # 80th percentile of such tickets, where the history was used


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated:
    """The ticket was escalated.  Team and assignee change by events of their own."""

    chain: str
    before: int
    after: int
    to: str  # the name of a team, an agent or a consultant
    kind: str = "team"  # which of the three: team, agent, consultant


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested:
    approval: Approval
    why: str  # the key of the trigger ('work-over', 'escalate', 'tag', …) or of the risk ('erase', 'merge-customers', 'many')


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalReminded:
    approval: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDecided:
    """`granted`: the events of the request follow, with its author as actor.  Else `reason` says why it was rejected.

    `refused`: it was approved, but cannot be executed on the ticket as it is now: the key of the reason.  `line`, `asker` and `asked` (the
    approvers) are copied from the approval, which the ticket no longer has after this event.
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
    """The events `undone` (their versions) no longer count: the ticket is `restored`, except for the fields `kept` that were changed since.

    `stays`: what cannot be undone: 'mail' (a reply that was sent), 'erased'.  `moved`: mails that move now, each with its ticket.  `of`:
    the agent whose change was undone.  `reopens`: the ticket was closed before.
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
    """A deadline fired: `alert` is warning, overdue or unclaimed; `promise` is response, resolution or claim."""

    promise: str
    alert: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailed:
    """A mail of ours was not delivered: `recipient` did not get `what`.  `proven` False: a report says so that others can have written."""

    recipient: str
    what: str
    reason: str
    proven: bool = True


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
    """One event on one ticket, with its actor, time and mail."""

    ticket: int
    at: datetime
    actor: Actor
    what: TicketEvent
    mail: int | None = None
