"""What a judge is given beside ticket and command, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from mailbridge.customers.model import Customers
from mailbridge.desk.events import Actor, Event, Happening
from mailbridge.desk.model import Organisation, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Who asks, when, in which desk, because of which stored mail.

    `line` is the command as somebody wrote it ('' where a rule, a clock or a program asks): what waits for a yes is kept as that line.
    `agreed`: the yes is there.  `tickets` holds the other tickets a command names, `history` the events of this one where it is needed.
    """

    actor: Actor
    now: datetime
    organisation: Organisation
    mail: int | None = None
    customers: Customers = field(default_factory=Customers)
    tickets: Mapping[int, Ticket] = field(default_factory=dict)
    mails: tuple[int, ...] = ()  # ids of the ticket's mails, oldest first, where a command moves or erases them
    history: tuple[Event, ...] = ()
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
