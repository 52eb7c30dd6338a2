"""Who speaks, and what a line of theirs says: values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailbridge.organisation.model import Organisation
from mailbridge.tickets.commands import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """The agent who writes, and what their words are understood by: the day and hour by their own wall clock, the desk's names.

    `prefix` is that of ticket numbers; empty takes any, for a line that was understood once already.
    """

    me: str
    now: datetime
    zone: str = "UTC"
    language: str = "en"
    prefix: str = ""
    organisation: Organisation = field(default_factory=Organisation)


class Which(StrEnum):
    """The lists that `#list` knows by name; any other word is a team's."""

    MINE = "mine"
    TEAM = "team"  # the speaker's own teams
    UNCLAIMED = "unclaimed"
    OVERDUE = "overdue"
    SNOOZED = "snoozed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTickets:
    which: Which
    team: str = ""  # with Which.TEAM: this team; empty: the speaker's


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchMails:
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowTickets:
    """Empty: the ticket that the mail is about."""

    tickets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FullHistory:
    """All mails and events of a ticket; 0: the one that the mail is about.  `message`: the whole text of its n-th message instead."""

    ticket: int = 0
    message: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesheetArgument:
    """`what` is 'time'; `words` say for whom and for which days, as the report reads them."""

    what: str = "time"
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindDocuments:
    """Files on tickets, by words of their names, by ticket, by the address of a customer; where nothing is said those of the ticket that
    the mail is about."""

    words: str = ""
    ticket: int = 0
    customer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """The manual: of one word, or of all."""

    word: str = ""


Question = ListTickets | SearchMails | ShowTickets | FullHistory | TimesheetArgument | FindDocuments | Help


@dataclass(frozen=True, slots=True, kw_only=True)
class OnBehalf:
    """The ticket that this mail opens is that customer's."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelArgument:
    """How the customer came to the desk: phone, walk-in, …"""

    name: str


Opening = OnBehalf | ChannelArgument


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProblem:
    """Why a line means nothing.  `problem`: 'unknown', 'argument-missing', 'argument-unknown', 'argument-unclear' (nothing is near),
    'ambiguous'; `nearest` a whole line that was perhaps meant, `detail` what is in doubt."""

    problem: str
    nearest: str = ""
    detail: str = ""


Meaning = tuple[Command, ...] | Question | Opening | LineProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """One line of a mail that begins with #, as it stood there.  Exactly one of commands, question, opening and problem speaks.

    `tickets`: the commands are for these instead of the ticket the mail is on.  `problem`, `nearest` and `detail` are those of Wrong.
    A line is done as a whole or not at all.
    """

    text: str
    word: str  # the English word of the table; as written where there is none
    commands: tuple[Command, ...] = ()
    question: Question | None = None
    opening: Opening | None = None
    tickets: tuple[int, ...] = ()
    problem: str = ""
    nearest: str = ""
    detail: str = ""
    doubted: bool = False  # it stands so in a mail of somebody else, and is done only after a yes

    @property
    def command(self) -> Command | None:
        """The first of the commands; None where the line says none."""
        return self.commands[0] if self.commands else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedMail:
    """An agent's mail taken apart: the lines for the desk, and the text that is left for people."""

    lines: tuple[CommandLine, ...]
    text: str
