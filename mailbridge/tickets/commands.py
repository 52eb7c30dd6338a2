"""Commands: what somebody wants done.  Mails, rules, clocks and the command line make them; only `tickets.decide` decides them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from mailbridge.customers.contract_match import Cover
from mailbridge.organisation.priority import Priority
from mailbridge.tickets.model import Participant, WorkKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Opens a ticket.  Empty team, type and status mean the defaults of the desk."""

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
    rule: str = ""  # the rule that chose the values; recorded as their actor
    said_by: str = ""  # the agent who wrote the first message; '' where the customer did
    asked_at: datetime | None = None  # time of the customer's request, where an agent forwards it; SLA targets count from it


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerMessage:
    """A customer's mail on an existing ticket.  Automatic mail is stored and changes nothing.  `sent`: an old mail to the customer, from an
    imported archive; it changes nothing either."""

    author: str
    automatic: bool = False
    sent: bool = False
    others: tuple[Participant, ...] = ()  # people in its Cc, where the author is verified


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReply:
    """An agent's text to the customer.  `doubt`: the key of the reason why it is perhaps not for the customer, so that the agent is asked
    first ('short-answer', 'line-not-understood'); '' where there is none."""

    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InternalNote:
    """An agent's text for colleagues only.  It never reaches a customer."""


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
    """Assigns the ticket.  `agent` is the short name; empty gives the ticket back to the team."""

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
    """Adds a participant, who is notified from now on."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeAddresses:
    """Revokes the signed reply addresses that this person got on the ticket.  The next mail to them carries a new one."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveTags:
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveParticipant:
    """Removes a participant, never the requester."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSubject:
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRequester:
    """Sets the requester.  The former requester stays a participant."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetChannel:
    """Sets how the customer reached the desk: mail, phone, walk-in, chat."""

    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetContract:
    contract: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetProject:
    """Of the requester's customer; empty: the one of its contract, or none."""

    project: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchContract:
    """Chooses the contract again because the customers changed.  `was`: what they gave before; a contract or level that a rule or a person
    chose is none of these and stays."""

    was: tuple[Cover, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetEquipment:
    """Sets the device, by serial number or asset tag."""

    equipment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDue:
    """Sets a due date by hand, beside the SLA targets; None removes it."""

    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """Takes the ticket out of the lists until then.  A customer's mail ends it earlier.  The clocks go on."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSnooze:
    """The end of a snooze has come."""

    until: datetime


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
class Link:
    """Links two tickets.  `relation`: related, blocks, blocked-by, duplicates, duplicated-by, task-of, has-task.  The other ticket gets the
    inverse."""

    ticket: int
    relation: str = "related"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Merges this ticket into `into`: mails, people and work move there.  This ticket is closed and redirects to it."""

    into: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Moves `mail` to a new ticket with the reserved number `ticket`.

    In a command as it is written both are 0: `execution.load_context` reserves the number and finds the message that was answered.
    """

    ticket: int
    mail: int
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordWork:
    """Records an activity (DK6).  `billable` None: as the billing policy says."""

    kind: WorkKind
    minutes: int
    day: date
    km: float = 0.0
    place: str = ""
    billable: bool | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectWork:
    """Corrects an activity; 0 minutes delete it."""

    activity: int
    minutes: int
    km: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetEstimate:
    minutes: int
    by: str = ""  # an agent, or 'type' or 'history' where it was computed
    most: int | None = None  # 80th percentile of such tickets, where the history was used


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate:
    """Escalates to the next level of the chain, or to `to` (a chain, a team, an agent, a consultant, a skill)."""

    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """Approves a held request.  `approval` 0: the only one that waits for this actor."""

    approval: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    approval: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindApproval:
    """Reminds the approvers and their deputies of an open approval."""

    approval: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireApproval:
    approval: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPlaybook:
    """Starts a playbook.  Each task becomes a ticket with one of these reserved numbers."""

    name: str
    tickets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """Reverts the latest change of this agent to the ticket, by new events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase:
    """Erases the content of the ticket's mails for good.  The entries of the mails stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseAlert:
    promise: str
    alert: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFailure:
    """A mail of ours was not delivered.  `proven` False: a report says so that others can have written."""

    recipient: str
    what: str
    reason: str
    proven: bool = True


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
    | MatchContract
    | SetProject
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
