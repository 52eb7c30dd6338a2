"""What a notification says besides its ticket: one frozen payload for each event that is told.  Pure.

`PAYLOADS` names them as they are stored and as templates are called: "<audience>.<event>".  Names and fields are stored in the outbox and
are what templates see, so neither is renamed (tests/unit/stored_names.json).  Moments are aware; lists are tuples; '' is "not said".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import date, datetime
from typing import Any

from mailbridge.notifications.summary import Summary


class Payload:
    """The values of one event."""

    __slots__ = ()


class TableRow:
    """One line of a table; templates see its fields as cells, in their order."""

    __slots__ = ()


# -- tables -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow(TableRow):
    """What came of one line of an agent's mail on one ticket.  `outcome` is a LineStatus, `reason` the key of a refusal or of a question,
    `suggestion` a line that was perhaps meant, `number` the ticket where it is not the mail's own."""

    written: str
    outcome: str
    reason: str = ""
    detail: str = ""
    suggestion: str = ""
    happened: tuple[Summary, ...] = ()
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRow(TableRow):
    """A ticket in a list; `at` and `snippet` say where a search found something."""

    number: str
    address: str
    subject: str
    requester: str
    status: str
    priority: str
    assignee: str
    due: datetime | None = None
    at: datetime | None = None
    snippet: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow(TableRow):
    name: str
    size: str
    sender: str
    at: datetime
    number: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow(TableRow):
    relation: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRow(TableRow):
    id: int
    line: str
    asker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow(TableRow):
    """A held mail as its agent sees it: its place in the notice, its commands or first lines, and the agent's answer."""

    row: int
    subject: str
    at: datetime
    number: str
    lines: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRow(TableRow):
    """A command of the manual; `usage` are ways to write it, separated by "|"."""

    room: str
    word: str
    usage: str
    about: str
    names: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRow(TableRow):
    day: str
    number: str
    subject: str
    kind: str
    length: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SumRow(TableRow):
    """Hours of a day or of a customer."""

    name: str
    worked: str
    travelled: str
    charged: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRow(TableRow):
    sender: str
    subject: str
    reason: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow(TableRow):
    """A held mail as an admin sees it; `id` is its number for `mailbridge held`."""

    id: int
    agent: str
    subject: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfetchedRow(TableRow):
    place: str
    reason: str
    inbox: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow(TableRow):
    """A source of mail; moments are texts in UTC, "never" for none."""

    name: str
    since: str
    reason: str
    proven: str
    mail: str


# -- tickets ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ByAuthor(Payload):
    """Somebody did what the event is called by."""

    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Payload):
    author: str
    closes: bool = False
    opens_new: bool = False  # an answer to the closed ticket makes a new one
    signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Payload):
    author: str
    opens_new: bool = False


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
    """`follows` is the ticket that it probably continues, `doubt` why its mail is not there, `said_by` the agent who wrote first."""

    said_by: str = ""
    follows: str = ""
    doubt: str = ""
    other_reply_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerReplied(Payload):
    """`robot`: the mail looks like one of this kind.  `grouped`: of a flood only some mails are told; the number of this one."""

    author: str
    reopened: bool = False
    robot: str = ""
    grouped: int | None = None
    other_reply_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColleagueAnswered(Payload):
    author: str
    internal: bool = False
    closes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert(Payload):
    promise: str
    due_at: datetime


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


# -- answers of the desk to agents --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResults(Payload):
    """What came of an agent's lines.  `approval` waits for the writer's own yes, which the answer to this mail gives."""

    results: tuple[ResultRow, ...] = ()
    sent_to: tuple[str, ...] = ()
    noted: bool = False
    undo: int | None = None  # minutes for which it can be undone
    approval: int | None = None
    whose: str = ""
    unsure: bool = False
    asked_at: datetime | None = None
    asked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldNotice(Payload):
    """Mail in the agent's name waits; `step` says which question it is."""

    step: str = ""
    rows: tuple[HeldRow, ...] = ()
    reasons: tuple[str, ...] = field(default=(), metadata={"between": "\n"})
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketList(Payload):
    asked: str
    list: str
    team: str
    rows: tuple[TicketRow, ...]
    count: int
    more: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle(Payload):
    team: str
    count: int
    opened: int | None
    replied: int | None
    rows: tuple[TicketRow, ...]
    more: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Payload):
    asked: str
    words: str
    rows: tuple[TicketRow, ...] = ()
    count: int = 0
    more: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFacts(Payload):
    asked: str
    people: str
    tags: tuple[str, ...]
    links: tuple[LinkRow, ...]
    worked: str
    estimate: str
    due_at: datetime | None
    snoozed_at: datetime | None
    waiting: tuple[ApprovalRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeMessage(Payload):
    asked: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileList(Payload):
    asked: str
    words: str
    number: str
    rows: tuple[FileRow, ...]
    count: int
    more: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeReport(Payload):
    asked: str
    first: date
    last: date
    who: str
    others: bool
    worked: str
    travelled: str
    charged: str
    rows: tuple[WorkRow, ...]
    days: tuple[SumRow, ...]
    customers: tuple[SumRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandHelp(Payload):
    asked: str
    word: str
    works: bool
    rows: tuple[CommandRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingQuestion(Payload):
    asked: str
    address: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingResult(Payload):
    asked: str
    result: str
    detail: str
    source: str


# -- admins -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesBroken(Payload):
    problems: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined(Payload):
    inbox: int
    reason: str
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood(Payload):
    sender: str
    form: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Payload):
    count: int
    rows: tuple[KeptRow, ...]
    more: int | None
    waiting: int | None
    held: tuple[WaitingRow, ...]
    held_more: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTicket(Payload):
    number: str
    subject: str
    already: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfetched(Payload):
    count: int
    rows: tuple[UnfetchedRow, ...]
    more: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceNews(Payload):
    count: int
    rows: tuple[SourceRow, ...]
    back: tuple[SourceRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPairing(Payload):
    agent: str
    address: str
    source: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstConnect(Payload):
    mailbox: str
    folder: str
    older: int
    taken: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLogin(Payload):
    login: str
    stopped: str
    fault: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginEnds(Payload):
    login: str
    kind: str
    on: date
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupNews(Payload):
    """`reason` is '' where backups work again."""

    reason: str
    remedy: str
    last: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker(Payload):
    count: int
    limit: int
    until: datetime


PAYLOADS: Mapping[str, type[Payload]] = {
    "customer.taken": ByAuthor,
    "customer.answered": Answered,
    "customer.waiting": ByAuthor,
    "customer.changed": ByAuthor,
    "customer.closed": Closed,
    "customer.reopened": ByAuthor,
    "customer.added": Added,
    "customer.meeting": Invited,
    "customer.merged": OtherTicket,
    "customer.split": OtherTicket,
    "customer.escalated": EscalatedTo,
    "agent.merged": OtherTicket,
    "agent.split": OtherTicket,
    "agent.undone": ChangesUndone,
    "agent.new": NewTicket,
    "agent.held": HeldNotice,
    "agent.held_done": HeldNotice,
    "agent.customer_replied": CustomerReplied,
    "agent.assigned": ByAuthor,
    "agent.colleague_answered": ColleagueAnswered,
    "agent.commands": CommandResults,
    "agent.lines": CommandResults,
    "agent.list": TicketList,
    "agent.bundle": Bundle,
    "agent.found": Found,
    "agent.ticket": TicketFacts,
    "agent.history": TicketFacts,
    "agent.message": WholeMessage,
    "agent.files": FileList,
    "agent.report": TimeReport,
    "agent.help": CommandHelp,
    "agent.pair": PairingQuestion,
    "agent.paired": PairingResult,
    "agent.warning": Alert,
    "agent.due": Alert,
    "agent.meeting": Invited,
    "agent.meeting_answered": InvitationReply,
    "agent.bounced": Bounced,
    "agent.consulted": ByAuthor,
    "agent.confirm": ApprovalQuestion,
    "agent.approval_decided": ApprovalAnswer,
    "agent.approval_expired": ApprovalAnswer,
    "manager.approval": ApprovalQuestion,
    "manager.approval_reminded": ApprovalQuestion,
    "manager.overdue": Alert,
    "manager.unclaimed": Alert,
    "admin.rules_broken": RulesBroken,
    "admin.quarantined": Quarantined,
    "admin.flood": Flood,
    "admin.kept": Kept,
    "admin.unfetched": Unfetched,
    "admin.sources": SourceNews,
    "admin.kept_ticket": KeptTicket,
    "admin.paired": NewPairing,
    "admin.first_connect": FirstConnect,
    "admin.login_refused": RefusedLogin,
    "admin.login_ends": LoginEnds,
    "admin.backup": BackupNews,
    "admin.breaker": Breaker,
}
"""Events that are not here have no values: "customer.received", "agent.awake", and the receipts that rules choose."""


def template_values(payload: Payload) -> dict[str, object]:
    """The values under the names that templates have for them.  Texts, numbers, moments and yes or no are strings, as own templates of
    earlier releases expect them; tables are tuples of rows."""
    return {one.name: _shown(getattr(payload, one.name), one.metadata.get("between", ", ")) for one in fields_of(type(payload))}


def cells(row: TableRow) -> list[object]:
    """A row as templates unpack it: `for number, address, subject in values.rows | rows(3)`."""
    if isinstance(row, ResultRow):
        detail = f"{row.reason}|{row.detail}" if row.detail or row.outcome == "refused" else row.reason
        return [row.written, row.outcome, detail, row.suggestion, row.happened, row.number]
    return [_shown(getattr(row, one.name), ", ") for one in fields_of(type(row))]


def fields_of(kind: type[Payload] | type[TableRow]) -> tuple[Field[Any], ...]:
    """The fields of one of the classes above, all of which are dataclasses."""
    return fields(kind)  # type: ignore[arg-type]


def _shown(value: object, between: str) -> object:
    match value:
        case bool():
            return "yes" if value else ""
        case None | ():
            return ""
        case int():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case tuple() if isinstance(value[0], str):
            return between.join(value)
    return value
