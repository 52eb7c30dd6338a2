"""Activities as rows, for sums over many tickets.  The tickets have the same activities; these rows are a copy of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from mailbridge.store.sql import Row, Sql, Values
from mailbridge.store.tables.tickets import activities, tickets
from mailbridge.tickets.model import Activity, Ticket, WorkKind

MOST_PAST = 200  # finished tickets for an estimate; old tickets say little about today

_CLEAR = activities.delete().where(activities.c.ticket == sa.bindparam("of"))
_ADD = activities.insert()
_SHOWN = sa.select(activities, tickets.c.requester, tickets.c.subject).join(tickets, tickets.c.id == activities.c.ticket)
_DAYS = (activities.c.day >= sa.bindparam("first"), activities.c.day <= sa.bindparam("last"))
_ORDER = (activities.c.day, activities.c.agent, activities.c.ticket, activities.c.activity)
_BETWEEN = _SHOWN.where(*_DAYS).order_by(*_ORDER)
_OF_AGENT = _SHOWN.where(activities.c.agent == sa.bindparam("by"), *_DAYS).order_by(*_ORDER)
_SPENT = (
    # A ticket has one requester: grouped by the ticket, the index is read backwards until there are enough.
    sa.select(sa.func.max(tickets.c.requester).label("requester"), sa.func.sum(activities.c.minutes).label("minutes"))
    .join(tickets, tickets.c.id == activities.c.ticket)
    .where(activities.c.type == sa.bindparam("of_type"), activities.c.kind == WorkKind.WORKED, tickets.c.open.is_(False))
    .group_by(activities.c.ticket)
    .order_by(activities.c.ticket.desc())
    .limit(sa.bindparam("most"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkDone:
    """An activity with its ticket."""

    ticket: int
    requester: str
    subject: str
    activity: Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """The work on one finished ticket."""

    requester: str
    minutes: int


class Activities:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def set(self, ticket: Ticket) -> None:
        """Replaces the rows of the ticket.  A merged ticket has none; its activities moved to the survivor."""
        self._sql.change(_CLEAR, {"of": ticket.id})
        kept = ticket.activities if ticket.merged_into is None else ()
        self._sql.change(_ADD, [_columns(activity, ticket) for activity in kept])

    def between(self, first: date, last: date, agent: str = "") -> list[WorkDone]:
        """The activities of these days, both included, by day; of one agent or of all."""
        values = {"first": first.isoformat(), "last": last.isoformat()}
        rows = self._sql.rows(_OF_AGENT, {**values, "by": agent}) if agent else self._sql.rows(_BETWEEN, values)
        return [WorkDone(ticket=row.ticket, requester=row.requester, subject=row.subject, activity=_activity(row)) for row in rows]

    def spent(self, type: str, limit: int = MOST_PAST) -> list[Spent]:
        """The work on the latest finished tickets of the type, summed by ticket."""
        rows = self._sql.rows(_SPENT, {"of_type": type, "most": limit})
        return [Spent(requester=row.requester, minutes=int(row.minutes)) for row in rows]


def _columns(activity: Activity, ticket: Ticket) -> Values:
    return {
        "ticket": ticket.id,
        "activity": activity.id,
        "type": ticket.type,
        "agent": activity.agent,
        "kind": str(activity.kind),
        "day": activity.day.isoformat(),
        "minutes": activity.minutes,
        "charged": activity.charged,
        "km": activity.km,
        "place": activity.place,
        "billable": activity.billable,
        "text": activity.text,
    }


def _activity(row: Row) -> Activity:
    return Activity(
        id=row.activity,
        agent=row.agent,
        kind=WorkKind(row.kind),
        day=date.fromisoformat(row.day),
        minutes=row.minutes,
        charged=row.charged,
        km=row.km,
        place=row.place,
        billable=row.billable,
        text=row.text,
    )
