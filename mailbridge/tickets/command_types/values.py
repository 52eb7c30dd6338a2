"""Commands that change a value of the ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbridge.customers.contract_match import Cover
from mailbridge.organisation.priority import Priority


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
class RemoveTags:
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSubject:
    subject: str


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


ValueCommand = (
    SetStatus
    | Close
    | Reopen
    | Assign
    | SetTeam
    | SetPriority
    | SetType
    | AddTags
    | SetField
    | RemoveTags
    | SetSubject
    | SetChannel
    | SetContract
    | MatchContract
    | SetProject
    | SetEquipment
    | SetDue
    | Snooze
    | EndSnooze
)
