"""Events: what happened to a ticket, in the past tense.  Events are append-only and the source of truth.  `tickets.apply` applies them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbridge.tickets.actor import Actor
from mailbridge.tickets.event_types.escalation import EscalationEvent
from mailbridge.tickets.event_types.mails import MailEvent
from mailbridge.tickets.event_types.people import PeopleEvent
from mailbridge.tickets.event_types.plans import PlanSet
from mailbridge.tickets.event_types.relations import RelationEvent
from mailbridge.tickets.event_types.values import ValueEvent
from mailbridge.tickets.event_types.wishes import WishEvent
from mailbridge.tickets.event_types.work import WorkEvent

TicketEvent = MailEvent | ValueEvent | PeopleEvent | RelationEvent | WorkEvent | PlanSet | EscalationEvent | WishEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event on one ticket, with its actor, time and mail."""

    ticket: int
    at: datetime
    actor: Actor
    what: TicketEvent
    mail: int | None = None
