"""The morning digest of an agent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mailbridge.notifications.payloads.agents import TicketRow
from mailbridge.notifications.payloads.model import Payload, TableRow
from mailbridge.notifications.payloads.plans import AgendaRow
from mailbridge.notifications.summary_model import Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedRow(TableRow):
    """A ticket that changed since the digest before, and how."""

    number: str
    address: str
    subject: str
    requester: str
    happened: tuple[Summary, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursRow(TableRow):
    """A bank of hours: what is left of what was granted, and the last day of it ('' where it does not end)."""

    customer: str
    bank: str
    left: str
    granted: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest(Payload):
    """`late`, `today` and `waiting` are open tickets, each in one of them.  `away`: colleagues for whom the reader stands in.  `more`:
    tickets that are not shown.  `stop`: mail to this address ends the digest, '' for none."""

    day: date
    away: tuple[str, ...] = ()
    plans: tuple[AgendaRow, ...] = ()
    late: tuple[TicketRow, ...] = ()
    today: tuple[TicketRow, ...] = ()
    waiting: tuple[TicketRow, ...] = ()
    changed: tuple[ChangedRow, ...] = ()
    hours: tuple[HoursRow, ...] = ()
    more: int | None = None
    stop: str = ""
