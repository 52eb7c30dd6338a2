"""Events that change a value of the ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbridge.organisation.priority import Priority
from mailbridge.tickets.event_types.stored import StoredEvent, stored_event


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


OF_PROMISE = ("contract", "sla")  # fields whose version of the rules is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSet:
    """`rules_version`: of a contract or level, the version of the rules that it was promised under."""

    name: str
    value: str
    rules_version: str = ""


def field_set(name: str, value: str, rules_version: str) -> FieldSet:
    """The event of a field that was chosen under these rules; the version is kept with a contract and its level."""
    return FieldSet(name=name, value=value, rules_version=rules_version if name in OF_PROMISE else "")


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

# The names under which these events are stored and published.
STORED: tuple[StoredEvent, ...] = (
    stored_event("status_changed", "StatusChanged", StatusChanged),
    stored_event("team_changed", "TeamChanged", TeamChanged),
    stored_event("assignee_changed", "AssigneeChanged", AssigneeChanged),
    stored_event("priority_changed", "PriorityChanged", PriorityChanged),
    stored_event("type_changed", "TypeChanged", TypeChanged),
    stored_event("tags_added", "TagsAdded", TagsAdded),
    stored_event("field_set", "FieldSet", FieldSet),
    stored_event("tags_removed", "TagsRemoved", TagsRemoved),
    stored_event("subject_changed", "SubjectChanged", SubjectChanged),
    stored_event("channel_changed", "ChannelChanged", ChannelChanged),
    stored_event("due_set", "DueSet", DueSet),
    stored_event("snoozed", "Snoozed", Snoozed),
    stored_event("woken", "Woken", SnoozeEnded),
)
