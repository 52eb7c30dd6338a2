"""Planned work and appointments as rows, for what agents have to do on a day.  The tickets hold the same; these rows are a copy."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from mailbridge.store.sql import Row, Sql, Values
from mailbridge.store.tables.tickets import agenda
from mailbridge.tickets.agenda import BusyTime, agenda_of
from mailbridge.tickets.model import Ticket

LONGEST = timedelta(days=8)  # of one stretch; a plan lasts a day at most

_CLEAR = agenda.delete().where(agenda.c.ticket == sa.bindparam("of"))
_ADD = agenda.insert()
_SHOWN = sa.select(agenda).where(agenda.c.ends_at > sa.bindparam("first"), agenda.c.begins_at < sa.bindparam("last"))
# The index gives those that begin late enough.
_NEAR = agenda.c.begins_at >= sa.bindparam("earliest")
_ORDER = (agenda.c.begins_at, agenda.c.agent, agenda.c.ticket, agenda.c.plan)
_BETWEEN = _SHOWN.where(_NEAR).order_by(*_ORDER)
_OF_AGENT = _SHOWN.where(_NEAR, agenda.c.agent == sa.bindparam("by")).order_by(*_ORDER)


class Agenda:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def set(self, ticket: Ticket) -> None:
        """Replaces the rows of the ticket."""
        self._sql.change(_CLEAR, {"of": ticket.id})
        self._sql.change(_ADD, [_columns(one) for one in agenda_of(ticket)])

    def between(self, first: datetime, last: datetime, agent: str = "") -> list[BusyTime]:
        """What is planned between two moments, also in part, by its beginning; of one agent or of all."""
        values = {"first": first, "last": last, "earliest": first - LONGEST}
        rows = self._sql.rows(_OF_AGENT, {**values, "by": agent}) if agent else self._sql.rows(_BETWEEN, values)
        return [_busy(row) for row in rows]


def _columns(one: BusyTime) -> Values:
    return {
        "ticket": one.ticket,
        "plan": one.plan,
        "agent": one.agent,
        "begins_at": one.begins,
        "ends_at": one.ends,
        "done": one.done,
    }


def _busy(row: Row) -> BusyTime:
    return BusyTime(ticket=row.ticket, plan=row.plan, agent=row.agent, begins=row.begins_at, ends=row.ends_at, done=row.done)
