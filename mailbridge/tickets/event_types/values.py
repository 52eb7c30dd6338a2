"""Events that change a value of the ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbridge.organisation.priority import Priority


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
class TagsRemoved:
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectChanged:
    before: str
    after: str


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


ValueEvent = (
    StatusChanged
    | TeamChanged
    | AssigneeChanged
    | PriorityChanged
    | TypeChanged
    | TagsAdded
    | FieldSet
    | TagsRemoved
    | SubjectChanged
    | ChannelChanged
    | DueSet
    | Snoozed
    | SnoozeEnded
)
