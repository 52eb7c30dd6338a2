"""The grades that customers gave, one row a ticket.  The tickets have the same grades; these rows are a copy of them, for sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from mailbridge.store.sql import Sql
from mailbridge.store.tables.tickets import ratings

_FORGET = ratings.delete().where(ratings.c.ticket == sa.bindparam("of"))
_ADD = ratings.insert()
_BETWEEN = (
    sa.select(ratings.c.team, ratings.c.agent, ratings.c.grade, sa.func.count().label("count"))
    .where(ratings.c.at >= sa.bindparam("first"), ratings.c.at < sa.bindparam("end"))
    .group_by(ratings.c.team, ratings.c.agent, ratings.c.grade)
    .order_by(ratings.c.team, ratings.c.agent, ratings.c.grade)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeCount:
    """How often an agent of a team got a grade."""

    team: str
    agent: str
    grade: int
    count: int


class Ratings:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def set(self, ticket: int, *, team: str, agent: str, grade: int, at: datetime) -> None:
        """The ticket has this grade and no other."""
        self._sql.change(_FORGET, {"of": ticket})
        self._sql.change(_ADD, {"ticket": ticket, "team": team, "agent": agent, "grade": grade, "at": at})

    def between(self, first: datetime, end: datetime) -> list[GradeCount]:
        """The grades of this time, `end` excluded, by team and agent."""
        rows = self._sql.rows(_BETWEEN, {"first": first, "end": end})
        return [GradeCount(team=row.team, agent=row.agent, grade=row.grade, count=row.count) for row in rows]
