"""The names under which events are stored and published.

`name` is the column `kind` of the table `events`, `published` is `kind` in the JSON of the command line.  Both are literal: a class may be
renamed, its entry keeps both names.  A field that is renamed goes into `stored_fields`, new name -> stored name; the database and the JSON
keep the stored name.  `tests/unit/test_stored_names.py` lists all names and fields and fails where one of them changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mailbridge.tickets.event_types.escalation import AlertRaised, ApprovalDecided, ApprovalReminded, ApprovalRequested, Escalated
from mailbridge.tickets.event_types.mails import DeliveryFailed, MessageAdded, TicketOpened
from mailbridge.tickets.event_types.people import (
    AddressesRevoked,
    CustomerChanged,
    InvitationAnswered,
    MeetingSet,
    ParticipantAdded,
    ParticipantRemoved,
    RequesterChanged,
)
from mailbridge.tickets.event_types.plans import PlanSet
from mailbridge.tickets.event_types.relations import ContentErased, Linked, MailMoved, MergedFrom, MergedInto, PlaybookStarted, Undone
from mailbridge.tickets.event_types.values import (
    AssigneeChanged,
    ChannelChanged,
    DueSet,
    FieldSet,
    PriorityChanged,
    Snoozed,
    SnoozeEnded,
    StatusChanged,
    SubjectChanged,
    TagsAdded,
    TagsRemoved,
    TeamChanged,
    TypeChanged,
)
from mailbridge.tickets.event_types.work import EstimateSet, HoursAlerted, HoursRanOut, WorkCorrected, WorkRecorded
from mailbridge.tickets.events import TicketEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """One kind of event: its class, its two names, and the stored names of renamed fields."""

    name: str
    published: str
    what: type[TicketEvent]
    stored_fields: Mapping[str, str] = field(default_factory=dict)


def _event(name: str, published: str, what: type[TicketEvent], /, **stored_fields: str) -> StoredEvent:
    return StoredEvent(name=name, published=published, what=what, stored_fields=stored_fields)


STORED_EVENTS: tuple[StoredEvent, ...] = (
    _event("ticket_opened", "TicketOpened", TicketOpened),
    _event("message_added", "MessageAdded", MessageAdded),
    _event("status_changed", "StatusChanged", StatusChanged),
    _event("team_changed", "TeamChanged", TeamChanged),
    _event("assignee_changed", "AssigneeChanged", AssigneeChanged),
    _event("priority_changed", "PriorityChanged", PriorityChanged),
    _event("type_changed", "TypeChanged", TypeChanged),
    _event("tags_added", "TagsAdded", TagsAdded),
    _event("field_set", "FieldSet", FieldSet),
    _event("participant_added", "ParticipantAdded", ParticipantAdded),
    _event("participant_removed", "ParticipantRemoved", ParticipantRemoved),
    _event("addresses_revoked", "AddressesRevoked", AddressesRevoked),
    _event("tags_removed", "TagsRemoved", TagsRemoved),
    _event("subject_changed", "SubjectChanged", SubjectChanged),
    _event("requester_changed", "RequesterChanged", RequesterChanged),
    _event("channel_changed", "ChannelChanged", ChannelChanged),
    _event("due_set", "DueSet", DueSet),
    _event("snoozed", "Snoozed", Snoozed),
    _event("woken", "Woken", SnoozeEnded),
    _event("meeting_set", "MeetingSet", MeetingSet),
    _event("invitation_answered", "InvitationAnswered", InvitationAnswered),
    _event("customer_changed", "CustomerChanged", CustomerChanged),
    _event("merged_into", "MergedInto", MergedInto),
    _event("absorbed", "Absorbed", MergedFrom),
    _event("mail_moved", "MailMoved", MailMoved),
    _event("work_recorded", "WorkRecorded", WorkRecorded),
    _event("work_corrected", "WorkCorrected", WorkCorrected),
    _event("estimate_set", "EstimateSet", EstimateSet),
    _event("plan_set", "PlanSet", PlanSet),
    _event("hours_alerted", "HoursAlerted", HoursAlerted),
    _event("hours_ran_out", "HoursRanOut", HoursRanOut),
    _event("escalated", "Escalated", Escalated),
    _event("approval_requested", "ApprovalRequested", ApprovalRequested),
    _event("approval_reminded", "ApprovalReminded", ApprovalReminded),
    _event("approval_decided", "ApprovalDecided", ApprovalDecided),
    _event("playbook_started", "PlaybookStarted", PlaybookStarted),
    _event("undone", "Undone", Undone),
    _event("content_erased", "ContentErased", ContentErased),
    _event("linked", "Linked", Linked),
    _event("alert_raised", "AlertRaised", AlertRaised),
    _event("delivery_failed", "DeliveryFailed", DeliveryFailed),
)
BY_NAME: Mapping[str, StoredEvent] = {entry.name: entry for entry in STORED_EVENTS}
BY_CLASS: Mapping[type[TicketEvent], StoredEvent] = {entry.what: entry for entry in STORED_EVENTS}


def published(what: TicketEvent) -> dict[str, Any]:
    """The event as JSON: `kind`, and its fields under their stored names."""
    entry = BY_CLASS[type(what)]
    return {"kind": entry.published, **{entry.stored_fields.get(name, name): value for name, value in asdict(what).items()}}
