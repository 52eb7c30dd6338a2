"""Reports of teams, agents and customers: one flat table, so that mails, tables, CSV and JSON have the same numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mailbridge.notifications.payloads.model import Payload, TableRow


class ReportKind(StrEnum):
    WEEK = "week"  # a manager's: what came in, what was promised, who worked
    QUEUE = "queue"  # a lead's: what is open now
    ME = "me"  # an agent's own
    CUSTOMERS = "customers"  # of those for whom an agent is responsible


class ReportSection(StrEnum):
    """Parts of a report.  `number` and `other` of a row: of each part what stands behind it."""

    VOLUME = "volume"  # new and closed tickets of a day
    TARGETS = "targets"  # SLA targets met, of how many
    BREACHES = "breaches"  # minutes of working time that a ticket was late
    TEAMS = "teams"  # open and late tickets of a team
    AGENTS = "agents"  # open and late tickets of an agent
    HOURS = "hours"  # minutes worked and charged by an agent
    RATINGS = "ratings"  # ratings and low ones of a team
    CUSTOMERS = "customers"  # open and new tickets of a customer
    SENDERS = "senders"  # new tickets of a requester
    RULES = "rules"  # tickets at whose opening a rule held


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow(TableRow):
    """`share`: length of the bar in percent of the longest one, None where the part has no bars.  `reason`: of a breach, a key.  `detail`:
    the subject of a ticket, the hours left of a customer, the average rating."""

    section: ReportSection
    label: str
    number: int
    other: int | None = None
    share: int | None = None
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Payload):
    """`asked`: the line that asks for it, '' where a schedule sends it.  `name`: of the schedule.  `who`: teams, an agent.

    `hidden`: teams that the reader asked for and may not see.  `csv`: the rows as a file.  `stop`: mail to this address ends it."""

    kind: ReportKind
    who: str
    first: date
    last: date
    rows: tuple[ReportRow, ...] = ()
    asked: str = ""
    name: str = ""
    came: int = 0
    closed: int = 0
    open: int = 0
    hidden: str = ""
    csv: str = ""
    stop: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.came or self.closed or self.open or self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow(TableRow):
    """A month of an hour bank, `2026-11`, in hours and minutes, `1:30`.  `left`: the balance at its end."""

    month: str
    granted: str
    used: str
    expired: str
    adjusted: str
    left: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HourStatement(Payload):
    """The statement of an hour bank.  `csv`: every entry, as a file."""

    customer: str
    bank: str
    rows: tuple[StatementRow, ...]
    csv: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribed(Payload):
    """`name`: of the report, '' of the morning digest.  `again`: it comes again, on the agent's own wish."""

    name: str = ""
    again: bool = False
