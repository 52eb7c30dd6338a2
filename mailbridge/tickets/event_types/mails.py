"""Events of a ticket's mails: opened, answered, not delivered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbridge.organisation.priority import Priority
from mailbridge.tickets.event_types.stored import StoredEvent, stored_event
from mailbridge.tickets.model import Participant


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
    chosen_by: tuple[tuple[str, str], ...] = ()  # "team", "priority", "status" -> what chose it, as 'rule NAME', 'project NAME'
    identity: str = ""  # the address of the desk that the customer wrote to, where mails to customers come from it


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAdded:
    """A mail became part of the ticket.  `internal`: customers never see it.  `to_customer`: an agent's reply.  `encrypted`: it
    goes to customers encrypted or not at all."""

    author: str  # address of a customer, name of an agent
    internal: bool = False
    to_customer: bool = False
    mentions: tuple[str, ...] = ()  # agents whom an agent's text names as @eva
    automatic: bool = False  # vacation reply, bounce: stored, changes nothing
    encrypted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailed:
    """A mail of ours was not delivered: `recipient` did not get `what`.  `proven` False: a report says so that others can have written.
    `waits`: it was not given up; it waits in the outbox until it can be encrypted."""

    recipient: str
    what: str
    reason: str
    proven: bool = True
    waits: bool = False


MailEvent = TicketOpened | MessageAdded | DeliveryFailed

# The names under which these events are stored and published.
STORED: tuple[StoredEvent, ...] = (
    stored_event("ticket_opened", "TicketOpened", TicketOpened),
    stored_event("message_added", "MessageAdded", MessageAdded),
    stored_event("delivery_failed", "DeliveryFailed", DeliveryFailed),
)
