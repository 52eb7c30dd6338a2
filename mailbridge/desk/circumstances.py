"""What a judge is given beside ticket and command, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any

from mailbridge.customers.model import Customers
from mailbridge.desk.commands import SetEstimate
from mailbridge.desk.events import Actor, Event, Happening
from mailbridge.desk.model import Organisation, Participant, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A stored mail as far as a judge needs it.  `by_customer`: a person who is no agent wrote it, and customers may see it."""

    id: int
    ticket: int
    author: Participant
    at: datetime  # when it came
    subject: str = ""
    by_customer: bool = True
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Who asks, when, in which desk, because of which stored mail.

    `line` is the command as somebody wrote it ('' where a rule, a clock or a program asks): what waits for a yes is kept as that line.
    `agreed`: the yes is there.  `tickets` holds the other tickets a command names, with those they were merged into, `history` the events
    of this one where it is needed; `histories` those of the others, and `letters` the mails of all of them.
    """

    actor: Actor
    now: datetime
    organisation: Organisation
    mail: int | None = None
    customers: Customers = field(default_factory=Customers)
    tickets: Mapping[int, Ticket] = field(default_factory=dict)
    mails: tuple[int, ...] = ()  # ids of the ticket's mails, oldest first, where a command moves or erases them
    letters: Mapping[int, Letter] = field(default_factory=dict)  # by the mail's id, where a command moves mails
    history: tuple[Event, ...] = ()
    seen_at: datetime | None = None  # how new the news was that the agent answers; None: nobody knows
    histories: Mapping[int, tuple[Event, ...]] = field(default_factory=dict)
    undo_within: timedelta = timedelta(minutes=10)
    estimates: Mapping[str, SetEstimate] = field(default_factory=dict)  # by type of request, where a command changes it
    load: Mapping[str, int] = field(default_factory=dict)  # open tickets by agent, where a command chooses one
    own_addresses: frozenset[str] = frozenset()  # the desk's own, in small letters: they are never on a ticket
    line: str = ""
    agreed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """`reason` is the key that templates word ('unknown-team', 'agents-only', …), `nearest` a word that was perhaps meant,
    `detail` whatever the wording shows beside it (a number, a name)."""

    reason: str
    nearest: str = ""
    detail: str = ""


# A happening is this ticket's, by this actor; an Event says for itself whose it is and on which ticket.
Judgement = Sequence[Happening | Event] | Refusal
Judge = Callable[[Ticket, Any, Circumstances], Judgement]


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that is most like this one, '' where none is near."""
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.5)), "")


def on(other: int, what: Happening, about: Circumstances) -> Event:
    """The happening on another ticket."""
    return Event(ticket=other, at=about.now, actor=about.actor, what=what, mail=about.mail)
