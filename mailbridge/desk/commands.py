"""What somebody wants done.  Mails, rules, clocks and the command line all make these; `desk.decide` alone judges them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbridge.desk.model import Participant, Priority


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A customer's mail on an existing ticket.  `automatic` mail is kept and moves nothing."""

    author: str
    automatic: bool = False
    others: tuple[Participant, ...] = ()  # people it copies, where the writer is proven


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An agent's text to the customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
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
    | Write
    | Answer
    | Note
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
    | RaiseAlert
    | ReportFailure
)
