"""The values of this room: the author, and the content of a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from mailbridge.organisation.model import Organisation
from mailbridge.organisation.wishes import WishKind
from mailbridge.tickets.commands import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """The agent who writes, with what is needed to parse their words: local time, language, the desk's names.

    `prefix`: of ticket numbers; empty accepts any, for a line that was parsed before.
    """

    me: str
    now: datetime
    zone: str = "UTC"
    language: str = "en"
    prefix: str = ""
    organisation: Organisation = field(default_factory=Organisation)


class Which(StrEnum):
    """The lists that `#list` knows by name; any other word is a team."""

    MINE = "mine"
    TEAM = "team"  # the author's own teams
    UNCLAIMED = "unclaimed"
    OVERDUE = "overdue"
    SNOOZED = "snoozed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTickets:
    which: Which
    team: str = ""  # with Which.TEAM: this team; empty: the author's teams


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchMails:
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowTickets:
    """Empty: the ticket of the mail."""

    tickets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FullHistory:
    """All mails and events of a ticket; 0: the ticket of the mail.  `message`: the whole text of its n-th message instead."""

    ticket: int = 0
    message: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainDueTimes:
    """Empty: the ticket of the mail."""

    tickets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesheetArgument:
    """`what` is 'time'; `words`: the agent and the days, for the report to parse."""

    what: str = "time"
    words: str = ""


class ReportWord(StrEnum):
    """What a report is about."""

    TEAM = "team"
    QUEUE = "queue"
    ME = "me"
    CUSTOMERS = "customers"
    AGAIN = "again"  # one that comes by schedule comes again


class ReportWish(StrEnum):
    """Which week is meant."""

    THIS = "this"
    LAST = "last"
    DAY = "day"  # that of a day


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportArgument:
    """A report.  `teams` empty: those of the author.  `name`: of the schedule that is resumed."""

    word: ReportWord
    teams: tuple[str, ...] = ()
    wish: ReportWish = ReportWish.THIS
    day: date | None = None
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursArgument:
    """The hour banks of a customer.  `words`: the customer and the months, for the report to parse."""

    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingsArgument:
    """The grades that customers gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindDocuments:
    """Files on tickets, by words of their names, by ticket, by the address of a customer; without any of them those of the ticket of the
    mail."""

    words: str = ""
    ticket: int = 0
    customer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowAgenda:
    """Planned work and appointments of an agent, '' for all of the author's teams, in the week from `day` on; None: from today."""

    agent: str
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindArticles:
    """Articles that fit words, or one by its `number`; neither: those that fit the ticket of the mail, or all."""

    words: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAnswers:
    """The answers ready to send; with `words` those that hold them."""

    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWish:
    """A wish of the author's, or for `person`; it is answered with all wishes of that person.  `values` None ends it, `shows` changes
    nothing."""

    kind: WishKind
    person: str = ""
    name: str = ""
    values: tuple[tuple[str, str], ...] | None = None
    shows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSender:
    """The mail of this number in the inbox is no spam: it is worked, and what holds its sender ends."""

    mail: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveDesk:
    """An agent leaves; `to`, an agent or a team, gets what the agent has, '' each ticket's own team."""

    agent: str
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteArticle:
    """The text of the mail as a new article; `title` '': its subject."""

    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideArticle:
    """Accepts or rejects an article that an agent wrote by mail."""

    number: int
    accept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """The manual: of one command, or of all."""

    word: str = ""


Question = (
    ListTickets | SearchMails | ShowTickets | FullHistory | ExplainDueTimes
    | TimesheetArgument | ReportArgument | HoursArgument | RatingsArgument | FindDocuments | ShowAgenda | FindArticles | ListAnswers
    | ChangeWish | ReleaseSender | LeaveDesk
    | WriteArticle | DecideArticle | Help
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnBehalf:
    """Opens the ticket of this mail for that customer."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteTo:
    """Opens a ticket with these people and sends them the text of this mail; the first one is the requester.  (address, name) each."""

    people: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelArgument:
    """How the customer reached the desk: phone, walk-in, …"""

    name: str


Opening = OnBehalf | WriteTo | ChannelArgument


@dataclass(frozen=True, slots=True, kw_only=True)
class SendArticle:
    """Puts an article into the answer to the customer."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UseAnswer:
    """Puts an answer ready to send into the answer to the customer, with the values of its fields."""

    name: str
    fields: tuple[tuple[str, str], ...] = ()


Insert = SendArticle | UseAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProblem:
    """Why a line has no meaning.  `problem`: 'unknown', 'argument-missing', 'argument-unknown', 'argument-unclear' (nothing is similar),
    'ambiguous'.  `nearest`: a whole line that was perhaps meant.  `detail`: the part in doubt."""

    problem: str
    nearest: str = ""
    detail: str = ""


Meaning = tuple[Command, ...] | Question | Opening | Insert | LineProblem
Reads = Callable[[str, Author], Meaning]
"""Parses the argument of a command, for this author."""
UNKNOWN = LineProblem(problem="argument-unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """One line of a mail that begins with #, as written.  Exactly one of commands, question, opening, insert and problem is set,
    but for an insert that turned out to be impossible, which has both.

    `tickets`: the targets of the commands, instead of the ticket of the mail.  `problem`, `nearest` and `detail` are those of LineProblem.
    A line is executed as a whole or not at all.
    """

    text: str
    word: str  # the English name of the command; as written where there is none
    commands: tuple[Command, ...] = ()
    question: Question | None = None
    opening: Opening | None = None
    insert: Insert | None = None
    below: bool = False  # it stood below the text for people
    tickets: tuple[int, ...] = ()
    problem: str = ""
    nearest: str = ""
    detail: str = ""
    about: str = ""  # what a refusal is about, as an address; it comes behind the reason
    doubted: bool = False  # the same line is in another person's mail; it needs a confirmation

    @property
    def command(self) -> Command | None:
        """The first command; None where there is none."""
        return self.commands[0] if self.commands else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedMail:
    """An agent's mail: its command lines, and the text for people."""

    lines: tuple[CommandLine, ...]
    text: str
