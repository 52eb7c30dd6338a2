"""What a handler gets beside ticket and command, and what it may return."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mailbridge.customers.model import Customers
from mailbridge.message.replacing import quickly_made
from mailbridge.organisation.model import Organisation
from mailbridge.tickets.actor import Actor
from mailbridge.tickets.agenda import BusyTime
from mailbridge.tickets.command_types.work import SetEstimate
from mailbridge.tickets.commands import Command
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.model import Participant, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRef:
    """A stored mail, as far as a handler needs it.  `by_customer`: its author is no agent, and customers may see it."""

    id: int
    ticket: int
    author: Participant
    at: datetime  # time of receipt
    subject: str = ""
    by_customer: bool = True
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRequest:
    """A request that waits for approval, as it can be executed now.

    `on`: all its commands for each ticket, under the ticket number that was named.  `agreed`: the triggers that an approval of it covers.
    `unreadable`: the stored commands cannot be read any more, and `commands` come from the stored line.
    """

    commands: tuple[Command, ...]
    on: tuple[tuple[int, tuple[Command, ...]], ...]
    agreed: frozenset[str]
    unreadable: bool


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """The context in which commands are decided: actor, time, organisation, the mail that asks, and what the store holds.

    No field has a default.  `execution.load_context` fills all of them: an empty field means "there is none", never "not loaded".
    """

    actor: Actor
    now: datetime
    organisation: Organisation
    customers: Customers
    rules_version: str  # of the rules that the customers are of
    own_addresses: frozenset[str]  # of the desk, in lower case; never participants of a ticket
    mail: int | None  # the stored mail with the command; None: a clock, the command line or a program
    seen_at: datetime | None  # time of the mail that the agent answers; None: the agent answers none
    undo_within: timedelta
    send_after: timedelta  # how long an answer waits before it goes, where the ticket's team says nothing
    tickets: Mapping[int, Ticket]  # other tickets that commands name, with the survivors of merges
    read: frozenset[int]  # the tickets whose mails are in `mails`
    mails: Mapping[int, MailRef]  # by the mail's id
    histories: Mapping[int, tuple[Event, ...]]  # by ticket, loaded for undo
    estimates: Mapping[tuple[int, str], SetEstimate]  # by ticket and type, loaded where a command changes the type
    agenda: tuple[BusyTime, ...]  # what is planned of the agents near the times that the commands name, on all tickets
    hours_left: Mapping[int, int]  # seconds in the hour bank by ticket, loaded where its contract asks a manager once it is empty
    load: Mapping[str, int]  # open tickets by agent, loaded where a command chooses an agent
    held: Mapping[int, HeldRequest]  # by the id of the approval on this ticket, loaded for an approval
    request: tuple[Command, ...]  # all commands of the request; they are executed together or not at all
    asked_to_rate: frozenset[int]  # tickets whose requester was asked for a rating of another one within RATED_TOGETHER
    words: str  # the request as it was typed, for display only; '' where it was not typed
    spelled: Callable[[Sequence[Command]], str]  # the line for commands that were not typed; `mail_commands` provides it
    agreed: frozenset[str]  # approved triggers and risks of this request on this ticket

    def mails_of(self, ticket: int) -> tuple[int, ...]:
        """The ids of the ticket's mails, oldest first.  Raises LookupError where they were not loaded."""
        return tuple(ref.id for ref in self.mail_refs_of(ticket))

    def mail_refs_of(self, ticket: int) -> tuple[MailRef, ...]:
        """The ticket's mails.  Raises LookupError where they were not loaded."""
        if ticket not in self.read:
            raise LookupError(f"the mails of ticket {ticket} were not loaded")
        return tuple(ref for ref in self.mails.values() if ref.ticket == ticket)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a command is refused.  `reason`: the key of a text in the templates ('unknown-team', 'agents-only', …).  `nearest`: the known
    word that is most like the written one.  `detail`: a number or name that the text shows."""

    reason: str
    nearest: str = ""
    detail: str = ""


MOST_NAMED = 12  # names that a refusal lists


def unknown(reason: str, near: str, known: Iterable[str]) -> Refusal:
    """Refuses a word that is none of `known`: with the nearest one, else with those that there are."""
    return Refusal(reason=reason, nearest=near, detail="" if near else ", ".join(sorted(known)[:MOST_NAMED]))


# A TicketEvent is about this ticket and by this actor. An Event names its ticket and actor itself.
HandlerResult = Sequence[TicketEvent | Event] | Refusal
Handler = Callable[[Ticket, Any, CommandContext], HandlerResult]


def on(other: int, what: TicketEvent, about: CommandContext) -> Event:
    """The event on another ticket."""
    return Event(ticket=other, at=about.now, actor=about.actor, what=what, mail=about.mail)
