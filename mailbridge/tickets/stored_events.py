"""The names under which events are stored and published, of all events.  Each group of `event_types` declares its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from mailbridge.tickets.event_types import escalation, mails, people, plans, relations, values, wishes, work
from mailbridge.tickets.event_types.stored import StoredEvent
from mailbridge.tickets.events import TicketEvent

STORED_EVENTS: tuple[StoredEvent, ...] = (
    *mails.STORED, *values.STORED, *people.STORED, *relations.STORED, *work.STORED, *plans.STORED, *escalation.STORED,
    *wishes.STORED,
)  # fmt: skip
BY_NAME: Mapping[str, StoredEvent] = {entry.name: entry for entry in STORED_EVENTS}
BY_CLASS: Mapping[type[TicketEvent], StoredEvent] = {entry.what: entry for entry in STORED_EVENTS}


def published(what: TicketEvent) -> dict[str, Any]:
    """The event as JSON: `kind`, and its fields under their stored names."""
    entry = BY_CLASS[type(what)]
    return {"kind": entry.published, **{entry.stored_fields.get(name, name): value for name, value in asdict(what).items()}}
