"""Payloads about what people wish for themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbridge.notifications.payloads.model import Payload, TableRow


@dataclass(frozen=True, slots=True, kw_only=True)
class WishRow(TableRow):
    """One wish.  `kind` is a key of `wishes` in words.j2.  `ends`: the line that ends it."""

    kind: str
    said: str
    by: str = ""
    at: datetime | None = None
    ends: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WishLineRow(TableRow):
    """What came of an earlier line of the same mail: as in `WishesNow`."""

    asked: str
    changed: bool = False
    refused: str = ""
    waits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WishesNow(Payload):
    """All wishes of an agent, or all blocked senders, after the lines of a mail.  `refused`: why the last line was not done; `waits`: a
    manager is asked; `earlier`: the lines before it.

    `who`: the colleague whose wishes they are.  `by`: who entered an absence for the reader.
    """

    asked: str
    changed: bool = False
    refused: str = ""
    waits: bool = False
    senders: bool = False
    who: str = ""
    by: str = ""
    rows: tuple[WishRow, ...] = ()
    earlier: tuple[WishLineRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceAsked(Payload):
    """An agent wants to enter an absence of a colleague; days as in ISO 8601.  `line`: what a manager sends to do it."""

    asker: str
    agent: str
    first: str
    last: str
    deputy: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSpamRow(TableRow):
    """A mail that is held because of its sender.  `line`: what lets it in and ends the hold."""

    id: int
    sender: str
    subject: str
    reason: str
    at: datetime
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamReview(Payload):
    """The mails of the last day that are held because of their senders; `more` are not listed."""

    count: int
    rows: tuple[HeldSpamRow, ...]
    more: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver(Payload):
    """What was handed over of an agent who leaves: numbers of tickets.  `to`: '' where each ticket went back to its team.  `undecided`:
    where an approval waits that nobody can give.  `files`: the lines that still name the agent, with their places.  `refused`: the key of
    the reason why nothing was done."""

    asked: str
    agent: str
    refused: str = ""
    to: str = ""
    tickets: str = ""
    plans: str = ""
    follows: str = ""
    approvals: str = ""
    files: str = ""
    undecided: str = ""
