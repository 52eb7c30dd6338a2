"""How many tickets came, went and are open: what reports count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from mailbridge.store.documents import load_any
from mailbridge.store.sql import Sql
from mailbridge.store.tables.mails import mails
from mailbridge.store.tables.tickets import OPEN, clocks, events, tickets
from mailbridge.tickets.model import IMPORTED

_opening = events.alias("opening")
_COLUMNS = (
    *(tickets.c.id, tickets.c.team, tickets.c.assignee, tickets.c.requester),
    *(tickets.c.created_at, tickets.c.closed_at, tickets.c.data),
)
_SINCE: sa.BindParameter[datetime] = sa.bindparam("since")
_BEFORE: sa.BindParameter[datetime] = sa.bindparam("before")
_OPENED = sa.select(*_COLUMNS).where(tickets.c.created_at >= _SINCE, tickets.c.created_at < _BEFORE)
_CLOSED = sa.select(*_COLUMNS).where(tickets.c.closed_at >= _SINCE, tickets.c.closed_at < _BEFORE)
_EXPLAINED = (
    sa.select(tickets.c.team, mails.c.explanation)
    .join(_opening, sa.and_(_opening.c.ticket == tickets.c.id, _opening.c.seq == 1))
    .join(mails, mails.c.id == _opening.c.mail)
    .where(tickets.c.created_at >= _SINCE, tickets.c.created_at < _BEFORE)
)
_late = (
    sa.select(clocks.c.id)
    .where(clocks.c.ticket == tickets.c.id, clocks.c.step.in_(["overdue", "due"]))
    .where(clocks.c.due_at <= sa.bindparam("now"), clocks.c.state != "stopped")
    .correlate(tickets)
    .exists()
)
_QUEUE = (
    sa.select(
        tickets.c.team,
        tickets.c.assignee,
        sa.func.count().label("open"),
        sa.func.sum(sa.case((_late, 1), else_=0)).label("late"),
        sa.func.min(tickets.c.created_at).label("oldest"),
    )
    .where(OPEN)
    .group_by(tickets.c.team, tickets.c.assignee)
)
_REQUESTERS = sa.select(tickets.c.team, tickets.c.requester, sa.func.count()).where(OPEN).group_by(tickets.c.team, tickets.c.requester)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedTicket:
    """A ticket that a report counts."""

    ticket: int
    team: str
    assignee: str
    requester: str
    created_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The open tickets of one agent in one team; `assignee` '' for those that nobody has.  `late`: whose due time has passed."""

    team: str
    assignee: str
    open: int
    late: int
    oldest: datetime


class Volumes:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def opened(self, since: datetime, before: datetime) -> list[CountedTicket]:
        """The tickets that were opened in this time, without imported and merged ones."""
        return self._counted(_OPENED, since, before)

    def closed(self, since: datetime, before: datetime) -> list[CountedTicket]:
        """Those that were closed in this time and are closed now."""
        return self._counted(_CLOSED, since, before)

    def _counted(self, statement: sa.Executable, since: datetime, before: datetime) -> list[CountedTicket]:
        rows = self._sql.rows(statement, {"since": since, "before": before})
        return [
            CountedTicket(
                ticket=row.id,
                team=row.team,
                assignee=row.assignee,
                requester=row.requester,
                created_at=row.created_at,
                closed_at=row.closed_at,
            )
            for row in rows
            if _counts(load_any(row.data))
        ]

    def rules(self, since: datetime, before: datetime) -> list[tuple[str, tuple[str, ...]]]:
        """Of each ticket that a mail opened in this time, its team and the rules that held."""
        rows = self._sql.rows(_EXPLAINED, {"since": since, "before": before})
        return [(row.team, _rules_of(load_any(row.explanation))) for row in rows if row.explanation]

    def requesters(self) -> list[tuple[str, str, int]]:
        """The open tickets by team and requester."""
        return [(row[0], row[1], row[2]) for row in self._sql.rows(_REQUESTERS, {})]

    def queues(self, now: datetime) -> list[Queue]:
        """The open tickets by team and agent."""
        return [
            Queue(team=row.team, assignee=row.assignee, open=row.open, late=int(row.late or 0), oldest=row.oldest)
            for row in self._sql.rows(_QUEUE, {"now": now})
        ]


def _counts(ticket: Any) -> bool:
    return ticket.get("channel") != IMPORTED and ticket.get("merged_into") is None


def _rules_of(explanation: Any) -> tuple[str, ...]:
    trace = explanation.get("rules") if isinstance(explanation, dict) else None
    steps = trace.get("steps", ()) if isinstance(trace, dict) else ()
    return tuple(step["rule"] for step in steps)
