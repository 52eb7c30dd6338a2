"""What a judge is given beside ticket and command, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from mailbridge.customers.model import Customers
from mailbridge.organisation.model import Organisation
from mailbridge.tickets.commands import Command, SetEstimate
from mailbridge.tickets.events import Actor, Event, TicketEvent
from mailbridge.tickets.model import Participant, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRef:
    """A stored mail as far as a judge needs it.  `by_customer`: a person who is no agent wrote it, and customers may see it."""

    id: int
    ticket: int
    author: Participant
    at: datetime  # when it came
    subject: str = ""
    by_customer: bool = True
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRequest:
    """A request that waits for a yes, as it can be done now.  `on`: its commands, complete, for each ticket it is for, under the number
    that was named.  `agreed`: the matters that a yes to it settles.  `unreadable`: no command could be read from what was stored, and
    `commands` are those that its words say today."""

    commands: tuple[Command, ...]
    on: tuple[tuple[int, tuple[Command, ...]], ...]
    agreed: frozenset[str]
    unreadable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """The context in which commands are decided: who asks, when, in which desk, because of which stored mail, and what the store holds.

    No field has a default: `execution.load_context` fills all of them, so that an empty one means "there is none" and never "nobody
    looked".
    """

    actor: Actor
    now: datetime
    organisation: Organisation
    customers: Customers
    own_addresses: frozenset[str]  # the desk's own, in small letters: they are never on a ticket
    mail: int | None  # the stored mail that asks; None: a clock, the command line or a program does
    seen_at: datetime | None  # how new the news was that the agent answers; None: it answers none
    undo_within: timedelta
    tickets: Mapping[int, Ticket]  # the other tickets that commands name, with those they were merged into
    read: frozenset[int]  # the tickets whose mails are in `letters`
    letters: Mapping[int, MailRef]  # by the mail's id
    histories: Mapping[int, tuple[Event, ...]]  # by ticket, where something is taken back
    estimates: Mapping[tuple[int, str], SetEstimate]  # by ticket and type of request, where a command changes it
    load: Mapping[str, int]  # open tickets by agent, where a command chooses one
    held: Mapping[int, HeldRequest]  # by the number of the approval on this ticket, where a command says yes
    request: tuple[Command, ...]  # the commands that are done as a whole or not at all, of which one is decided
    words: str  # the same as somebody typed it, only for showing; '' where nobody did
    spelled: Callable[[Sequence[Command]], str]  # the line for commands that nobody typed: `mail_commands` knows the words
    agreed: frozenset[str]  # the matters and risks to which the yes is there, for this request on this ticket

    def mails_of(self, ticket: int) -> tuple[int, ...]:
        """The ids of the ticket's mails, oldest first.  Raises LookupError where nobody looked."""
        return tuple(letter.id for letter in self.letters_of(ticket))

    def letters_of(self, ticket: int) -> tuple[MailRef, ...]:
        """The ticket's mails.  Raises LookupError where nobody looked."""
        if ticket not in self.read:
            raise LookupError(f"the mails of ticket {ticket} were not loaded")
        return tuple(letter for letter in self.letters.values() if letter.ticket == ticket)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """`reason` is the key that templates word ('unknown-team', 'agents-only', …), `nearest` a word that was perhaps meant,
    `detail` whatever the wording shows beside it (a number, a name)."""

    reason: str
    nearest: str = ""
    detail: str = ""


# A happening is this ticket's, by this actor; an Event says for itself whose it is and on which ticket.
Judgement = Sequence[TicketEvent | Event] | Refusal
Judge = Callable[[Ticket, Any, CommandContext], Judgement]


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that is most like this one, '' where none is near."""
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.5)), "")


def on(other: int, what: TicketEvent, about: CommandContext) -> Event:
    """The happening on another ticket."""
    return Event(ticket=other, at=about.now, actor=about.actor, what=what, mail=about.mail)
