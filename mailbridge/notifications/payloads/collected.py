"""Payloads of the mails in which several notifications are told together, because notifications.yaml says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbridge.notifications.payloads.model import Payload, TableRow


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow(TableRow):
    """One thing that happened: the name of its event, when, who did it ('' where nobody is to be named), and what it says besides: a time,
    the number of another ticket."""

    step: str
    at: datetime
    author: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes(Payload):
    """What happened on one ticket, oldest first."""

    count: int
    rows: tuple[StepRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedRow(TableRow):
    """A ticket with the names of the events on it, separated by spaces."""

    number: str
    address: str
    subject: str
    requester: str
    status: str
    priority: str
    assignee: str
    steps: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected(Payload):
    """What happened on several tickets.  `more`: tickets that are not shown."""

    count: int
    rows: tuple[CollectedRow, ...]
    more: int | None = None
