"""Payloads of the notifications to administrators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from mailbridge.notifications.payloads.model import Payload, TableRow


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
class MissingRow(TableRow):
    """A mail that the audit misses; `repair` is '' where nothing can be done."""

    id: str
    why: str
    repair: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFailed(Payload):
    """`faults`: what could not be compared, one a line."""

    count: int
    rows: tuple[MissingRow, ...]
    more: int | None
    faults: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceNews(Payload):
    count: int
    rows: tuple[SourceRow, ...]
    back: tuple[SourceRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFailureRow(TableRow):
    """`about`: the ticket, bank, … that the job could not do; '' for the whole job."""

    job: str
    about: str
    reason: str
    since: str
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsFailed(Payload):
    count: int
    rows: tuple[JobFailureRow, ...]
    more: int | None


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
class ClockSet(Payload):
    """`before`: what the clock showed; `after`: what it was set to."""

    before: datetime
    after: datetime


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
