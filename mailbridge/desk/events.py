"""What happened, in the past tense; append-only, the truth about a ticket.  `desk.evolve` folds them into a Ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailbridge.desk.model import Participant, Priority


class ActorKind(StrEnum):
    CUSTOMER = "customer"
    AGENT = "agent"
    RULE = "rule"
    CLOCK = "clock"
    ADMIN = "admin"  # the command line
    SYSTEM = "system"


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


Happening = (
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
    what: Happening
    mail: int | None = None
