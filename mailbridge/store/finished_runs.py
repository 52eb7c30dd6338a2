"""Runs of clocks as they ended, and the calendars they were computed by.  A calendar is stored once for each version, runs refer to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

import sqlalchemy as sa

from mailbridge.sla.calendar import Calendar
from mailbridge.sla.history import FinishedRun
from mailbridge.sla.versions import version_of
from mailbridge.store import dialects
from mailbridge.store.documents import dump, load
from mailbridge.store.sql import Row, Sql, Values
from mailbridge.store.tables.tickets import calendars, finished_runs

_Standing = tuple[tuple[datetime, datetime | None, str, str], ...]

_OF_TICKETS = (
    sa.select(finished_runs, calendars.c.document)
    .join(calendars, calendars.c.version == finished_runs.c.calendar)
    .where(finished_runs.c.ticket.in_(sa.bindparam("tickets", expanding=True)))
    .order_by(finished_runs.c.ticket, finished_runs.c.promise, finished_runs.c.started_at)
)
_KEEP = dialects.insert_new(finished_runs)
_FORGET = finished_runs.delete().where(
    finished_runs.c.ticket == sa.bindparam("of"),
    finished_runs.c.promise == sa.bindparam("what"),
    finished_runs.c.team == sa.bindparam("whose"),
    finished_runs.c.started_at == sa.bindparam("from_"),
    finished_runs.c.ended_at == sa.bindparam("to"),
)
_REMEMBER = dialects.insert_new(calendars)
_CALENDAR = sa.select(calendars.c.document).where(calendars.c.version == sa.bindparam("version"))


class FinishedRuns:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def of_tickets(self, tickets: Collection[int]) -> dict[int, tuple[FinishedRun, ...]]:
        """By ticket its finished runs; a ticket without any is left out."""
        found: dict[int, list[FinishedRun]] = {}
        for row in self._sql.rows(_OF_TICKETS, {"tickets": list(tickets)}) if tickets else ():
            found.setdefault(row.ticket, []).append(_run(row))
        return {ticket: tuple(every) for ticket, every in found.items()}

    def keep(self, ticket: int, runs: Sequence[FinishedRun], now: datetime) -> None:
        """Stores the runs with their calendars; one that is kept already stays as it is."""
        self.remember([run.calendar for run in runs], now)
        self._sql.change(_KEEP, [_columns(ticket, run) for run in runs])

    def forget(self, ticket: int, runs: Iterable[FinishedRun]) -> None:
        """These runs have not ended after all."""
        keys = [{"of": ticket, "what": run.promise, "whose": run.team, "from_": run.start, "to": run.end} for run in runs]
        self._sql.change(_FORGET, keys)

    def remember(self, these: Iterable[Calendar], now: datetime) -> None:
        """Stores each version of these calendars once."""
        rows = {version_of(one): one for one in these}
        self._sql.change(_REMEMBER, [{"version": version, "document": dump(one), "at": now} for version, one in sorted(rows.items())])

    def calendar(self, version: str) -> Calendar | None:
        """The calendar of this version."""
        document = self._sql.value(_CALENDAR, {"version": version})
        return _calendar(document) if document else None


def _columns(ticket: int, run: FinishedRun) -> Values:
    return {
        "ticket": ticket,
        "promise": run.promise,
        "team": run.team,
        "started_at": run.start,
        "ended_at": run.end,
        "budget": round(run.budget.total_seconds()),
        "due_at": run.due_at,
        "calendar": version_of(run.calendar),
        "standing": dump(run.standing),
    }


def _run(row: Row) -> FinishedRun:
    return FinishedRun(
        promise=row.promise,
        start=row.started_at,
        end=row.ended_at,
        budget=timedelta(seconds=row.budget),
        calendar=_calendar(row.document),
        due_at=row.due_at,
        team=row.team,
        standing=load(row.standing, _Standing),
    )


@lru_cache(maxsize=256)
def _calendar(document: str) -> Calendar:
    return load(document, Calendar)
