"""Payloads of the events of a ticket, for customers, agents and managers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from mailbridge.notifications.payloads.knowledge import ArticleRow, FitRow, SolvedRow
from mailbridge.notifications.payloads.model import Payload, TableRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ByAuthor(Payload):
    """Somebody did what the event is called by."""

    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Payload):
    """`estimate`: minutes of work, where the team tells customers.

    `within`: how long the first answer usually takes, in `unit`: minutes, hours or days; `working`: of working time.  `behind`: more
    comes in than the team answers, and no time is said.  `articles`: what may help now.  `start`: for who writes for the first time.
    """

    estimate: int | None = None
    within: int | None = None
    unit: str = ""
    working: bool = False
    behind: bool = False
    articles: tuple[ArticleRow, ...] = ()
    start: tuple[ArticleRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow(TableRow):
    """A request of several that are acknowledged in one mail.  `address`: where more about it is written to; '' of the one that an answer
    to this mail goes to.  `subject`: '' of an unproven writer's."""

    number: str
    address: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedTogether(Payload):
    """Requests that one person sent within some minutes; the rest is as of `Received`."""

    rows: tuple[RequestRow, ...]
    within: int | None = None
    unit: str = ""
    working: bool = False
    behind: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimated(Payload):
    """Minutes of work.  `before`: what the customer was told last; None where nothing was.  `most`: it rarely takes more."""

    minutes: int
    before: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Payload):
    """`encrypted`: the mail goes out encrypted or not at all."""

    author: str
    closes: bool = False
    opens_new: bool = False  # an answer to the closed ticket makes a new one
    signature: str = ""
    rating: bool = False  # the mail asks for a rating
    encrypted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Payload):
    author: str
    opens_new: bool = False
    rating: bool = False  # the mail asks for a rating


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated(Payload):
    """The customer's grade, 1 to 5; `before` is the earlier one.  `agent`: the title of whose work was rated."""

    author: str
    grade: int
    agent: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Added(Payload):
    author: str
    requester: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited(Payload):
    """An appointment.  `change` is "moved", "cancelled", "given" or '' for a new one; `number` and `sequence` are for calendars."""

    author: str
    meets_at: datetime
    minutes: int
    place: str
    number: int
    sequence: int
    change: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationReply(Payload):
    author: str
    answer: str
    meets_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherTicket(Payload):
    """Of a merge or a split: `other` is the number of the other ticket."""

    author: str
    other: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalatedTo(Payload):
    team: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesUndone(Payload):
    author: str
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTicket(Payload):
    """`follows` is the ticket that it probably continues, `doubt` why its mail is not there, `said_by` the agent who wrote first, or where
    `reported`, who wrote down what the customer said.

    `asking`: the writer may not ask for the customer, and what became of it: asked, queued, refused; `contact` is who was asked.  `fits`:
    articles for it.  `solved`: tickets that were like it, whose answers are suggested."""

    said_by: str = ""
    reported: bool = False
    follows: str = ""
    doubt: str = ""
    other_reply_to: str = ""
    asking: str = ""
    contact: str = ""
    fits: tuple[FitRow, ...] = ()
    solved: tuple[SolvedRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MayAsk(Payload):
    """The address and name of who wrote and is not among those who may ask.  `again`: a reminder."""

    writer: str
    name: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerReplied(Payload):
    """`robot`: the mail looks like one of this kind.  `grouped`: of a flood only some mails are told; the number of this one.
    `solved`: the mail said that the request is solved, and closed the ticket."""

    author: str
    reopened: bool = False
    solved: bool = False
    robot: str = ""
    grouped: int | None = None
    other_reply_to: str = ""
    answer_of: str = ""  # who wrote an answer that waits and does not know this mail
    answer_waits: datetime | None = None  # until then


@dataclass(frozen=True, slots=True, kw_only=True)
class ColleagueAnswered(Payload):
    """`mentioned`: the reader is named in the text, as @eva.  `encrypted`: to customers it goes encrypted or not at all."""

    author: str
    internal: bool = False
    closes: bool = False
    mentioned: bool = False
    encrypted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert(Payload):
    promise: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelReached(Payload):
    """A level of a ladder.  `due_at`: when the promise is due; `share`: how much of the time has passed, in percent, where the level is a
    share; `late`: the promise is broken."""

    promise: str
    due_at: datetime
    share: int | None = None
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursNews(Payload):
    """The hour bank has passed a level: 80 or 100 percent, or "over"; times such as "2 h 40 min"."""

    level: str
    left: str
    granted: str
    over: str
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleActed(Payload):
    """A rule by time acted on the ticket: its name, and what it found."""

    rule: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounced(Payload):
    failed_recipient: str
    failed_what: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalQuestion(Payload):
    """A command waits for a yes; `why` is the key of the policy or risk ('' in a reminder)."""

    approval: int
    line: str
    asker: str
    asked_at: datetime
    expires_at: datetime
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAnswer(Payload):
    approval: int
    line: str
    asker: str
    author: str = ""
    granted: bool = False
    reason: str = ""
    refused: str = ""
    own: bool = False
    delayed: bool = False
