"""Payloads about planned work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from mailbridge.notifications.payloads.model import Payload, TableRow


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaRow(TableRow):
    """Planned work, or an appointment (`plan` is '' then).  `text` is '' where there is none, `place` is that of the appointment."""

    number: str
    plan: str
    agent: str
    begins_at: datetime
    minutes: int
    subject: str
    text: str = ""
    place: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned(Payload):
    """Planned work.  `change` is "moved", "cancelled", "given" (to another agent) or '' for new; `plan` is its number on the ticket.

    `uid` and `sequence` are for calendars; `uid` is '' where the agent wants no invitation.
    """

    author: str
    agent: str
    begins_at: datetime
    minutes: int
    text: str
    plan: int
    uid: str = ""
    sequence: int = 0
    change: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaList(Payload):
    """Planned work and appointments from the first to the last day; `who` is '' for the agents of the reader's teams."""

    asked: str
    who: str
    first: date
    last: date
    rows: tuple[AgendaRow, ...]
    more: int | None = None
