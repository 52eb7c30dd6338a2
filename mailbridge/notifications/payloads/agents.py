"""Payloads of the desk's answers to agents: results of commands, lists, reports, questions about held mail."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from mailbridge.notifications.payloads.model import Payload, TableRow
from mailbridge.notifications.payloads.plans import AgendaRow
from mailbridge.notifications.summary_model import Summary


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
    late: bool = False  # `due` has passed


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTimeRow(TableRow):
    """A ticket whose due times or contract changed.  `target`: the one whose due time moved first, '' where only the contract changed.
    `due`, `due_before`: None where there is or was none.  `contract`, `contract_before`: '' for none."""

    number: str
    address: str
    subject: str
    target: str
    due: datetime | None
    due_before: datetime | None
    contract: str
    contract_before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRow(TableRow):
    """A contract that ends.  `days`: how many are left, 0 on its last day."""

    customer: str
    contract: str
    until: date
    days: int
    responsible: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow(TableRow):
    """A ticket in a digest of alerts.  `alert`: overdue, soon, unclaimed, silent or due; `due`: since when, or until when."""

    number: str
    address: str
    subject: str
    requester: str
    status: str
    priority: str
    assignee: str
    alert: str
    promise: str
    due: datetime


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
class TargetRow(TableRow):
    """An SLA target of a ticket.  `run` numbers it for its intervals, `state` is its outcome in one word."""

    run: int
    name: tuple[Summary, ...]
    outcome: tuple[Summary, ...]
    state: str
    budget: str
    calendar: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalRow(TableRow):
    """An interval of the target `run`.  `kind`: counted, paused, closed, holiday, late, or folded for several; `end` None: it goes on.
    `percent`: its width in the timeline."""

    run: int
    kind: str
    start: datetime
    end: datetime | None
    percent: int
    said: tuple[Summary, ...]


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
    waits_until: datetime | None = None  # when the text goes to `sent_to`
    returned: str = ""  # the text of an answer that was taken back


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
class DueTimesChanged(Payload):
    """`count`: all such tickets of the recipient; `more`: how many of them are no rows."""

    count: int
    rows: tuple[DueTimeRow, ...]
    more: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractEnds(Payload):
    rows: tuple[ContractRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDigest(Payload):
    """All alerts for one person at one moment: how many tickets, and how many of them are overdue, unclaimed and silent."""

    count: int
    overdue: int | None
    unclaimed: int | None
    silent: int | None
    rows: tuple[AlertRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Payload):
    """`problem`: why there is no list: `no-ticket` (the named ones do not exist or may not be seen), `unnamed` (no ticket is named); ''
    for a search."""

    asked: str
    words: str
    rows: tuple[TicketRow, ...] = ()
    count: int = 0
    more: int | None = None
    problem: str = ""


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
    plans: tuple[AgendaRow, ...] = ()


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
class DueTimes(Payload):
    """Why a ticket is due when it is.  `more`: finished runs of earlier targets that are left out."""

    asked: str
    said: tuple[Summary, ...]
    rows: tuple[TargetRow, ...]
    intervals: tuple[IntervalRow, ...]
    more: tuple[Summary, ...] = ()


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
class BankRow(TableRow):
    """An hour bank, with times such as "2 h 40 min"."""

    customer: str
    bank: str
    left: str
    granted: str
    over: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow(TableRow):
    """An entry of an hour bank.  `time` and `balance` like 1:30.  `hidden`: of a ticket that the reader may not see."""

    bank: str
    day: str
    time: str
    balance: str
    number: str
    about: str
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursReport(Payload):
    """`unknown`: a customer that nobody knows.  `first` and `last`: the months of the entries, like 2026-11."""

    asked: str
    unknown: str
    first: str
    last: str
    banks: tuple[BankRow, ...]
    rows: tuple[EntryRow, ...]
    more: int | None


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
class SignInMail(Payload):
    """The link and the code that sign the agent in.  Both are filled in when the mail is written, and never stored here."""

    number: int
    requested_at: datetime
    until: datetime
    link: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingResult(Payload):
    asked: str
    result: str
    detail: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingRow(TableRow):
    """The grades of an agent of a team, or of the whole team (`agent` '')."""

    team: str
    agent: str
    count: int
    average: str
    grades: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingReport(Payload):
    """`own`: of the reader's own work alone."""

    asked: str
    first: date
    last: date
    own: bool = False
    rows: tuple[RatingRow, ...] = ()
