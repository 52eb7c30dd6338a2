"""Commands about who wants to hear of a ticket, what a customer thinks of it, and that it is spam."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """An agent hears of the ticket without being assigned (`on`), or no longer."""

    agent: str
    on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """An agent no longer hears of what may be silenced on the ticket (`on`), or again."""

    agent: str
    on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkSpam:
    """The ticket is spam.  It is closed without a mail to the customer, and later mails of its author are held for review."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRating:
    """The requester is asked to rate the solved ticket, once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTicket:
    """The requester's grade, 1 (very bad) to 5 (very good).  `author`: the address."""

    author: str
    grade: int


WishCommand = Follow | Mute | MarkSpam | AskRating | RateTicket
