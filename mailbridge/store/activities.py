"""Work as rows, for sums over many tickets.  The tickets hold the same activities; these rows follow them and say nothing of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from mailbridge.store.schema import activities, tickets
from mailbridge.store.sql import Row, Sql, Values
from mailbridge.tickets.model import Activity, Ticket, WorkKind

MOST_PAST = 200  # finished tickets that an estimate is made of; what took long years ago says little of today

_CLEAR = activities.delete().where(activities.c.ticket == sa.bindparam("of"))
_ADD = activities.insert()
_SHOWN = sa.select(activities, tickets.c.requester, tickets.c.subject).join(tickets, tickets.c.id == activities.c.ticket)
_DAYS = (activities.c.day >= sa.bindparam("first"), activities.c.day <= sa.bindparam("last"))
_ORDER = (activities.c.day, activities.c.agent, activities.c.ticket, activities.c.activity)
_BETWEEN = _SHOWN.where(*_DAYS).order_by(*_ORDER)
_OF_AGENT = _SHOWN.where(activities.c.agent == sa.bindparam("by"), *_DAYS).order_by(*_ORDER)
_SPENT = (
    # One requester a ticket: grouped by the ticket alone, the index is walked backwards and left as soon as there are enough.
    sa.select(sa.func.max(tickets.c.requester).label("requester"), sa.func.sum(activities.c.minutes).label("minutes"))
    .join(tickets, tickets.c.id == activities.c.ticket)
    .where(activities.c.type == sa.bindparam("of_type"), activities.c.kind == WorkKind.WORKED, tickets.c.open.is_(False))
    .group_by(activities.c.ticket)
    .order_by(activities.c.ticket.desc())
    .limit(sa.bindparam("most"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkDone:
    """An activity with the ticket it was for: whose it is and what it is about."""

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
        """The rows are those of the ticket as it is; one that was merged into another has none, its work went along."""
        self._sql.change(_CLEAR, {"of": ticket.id})
        kept = ticket.activities if ticket.merged_into is None else ()
        self._sql.change(_ADD, [_columns(activity, ticket) for activity in kept])

    def between(self, first: date, last: date, agent: str = "") -> list[WorkDone]:
        """What was done on these days, both included, by the day; of one agent or of all."""
        values = {"first": first.isoformat(), "last": last.isoformat()}
        rows = self._sql.rows(_OF_AGENT, {**values, "by": agent}) if agent else self._sql.rows(_BETWEEN, values)
        return [WorkDone(ticket=row.ticket, requester=row.requester, subject=row.subject, activity=_activity(row)) for row in rows]

    def spent(self, type: str, limit: int = MOST_PAST) -> list[Spent]:
        """The work on the latest finished tickets of the type, each as a whole."""
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
