"""Commands that come with a mail: opening, answering, notes, failed deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbridge.message.replacing import quickly_made
from mailbridge.organisation.priority import Priority
from mailbridge.tickets.actor import Actor
from mailbridge.tickets.model import Participant


@quickly_made
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
    chosen_by: tuple[tuple[str, Actor], ...] = ()  # value ("team", "field NAME", "tag NAME", "cc ADDRESS") -> what chose it
    said_by: str = ""  # the agent who wrote the first message; '' where the customer did
    reported: bool = False  # that message is what `said_by` reports of the customer, of a call for example; it did not go to the customer
    internal: bool = False  # that message is for colleagues only
    encrypted: bool = False  # that message goes to customers encrypted or not at all
    waits: bool = False  # that message is said later
    asked_at: datetime | None = None  # time of the customer's request, where an agent forwards it; SLA targets count from it
    identity: str = ""  # the desk's address that the customer wrote to, where an [[identity]] has it


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerMessage:
    """A customer's mail on an existing ticket.  Automatic mail is stored and changes nothing.  `sent`: an old mail to the customer, from an
    imported archive; it changes nothing either.  `solved`: its whole text says that the request is solved, and its author is proven."""

    author: str
    automatic: bool = False
    sent: bool = False
    solved: bool = False
    others: tuple[Participant, ...] = ()  # people in its Cc, where the author is verified


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReply:
    """An agent's text to the customer.  `doubt`: the key of the reason why it is perhaps not for the customer, so that the agent is asked
    first ('short-answer', 'line-not-understood', 'no-certificate'); '' where there is none.  `encrypted`: it goes to customers encrypted or
    not at all."""

    doubt: str = ""
    mentions: tuple[str, ...] = ()  # agents whom the text names as @eva
    encrypted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InternalNote:
    """An agent's text for colleagues only.  It never reaches a customer.  `mentions`: agents whom the text names as @eva."""

    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFailure:
    """A mail of ours was not delivered.  `proven` False: a report says so that others can have written.  `waits`: it waits,
    and goes later."""

    recipient: str
    what: str
    reason: str
    proven: bool = True
    waits: bool = False


MailCommand = Open | CustomerMessage | AgentReply | InternalNote | ReportFailure
