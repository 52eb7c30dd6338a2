"""Runs of clocks as they ended, and the calendars they were computed by.  A calendar is stored once for each version, runs refer to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from mailbridge.sla.calendar import Calendar
from mailbridge.sla.history import FinishedRun
from mailbridge.sla.versions import version_of
from mailbridge.store import dialects
from mailbridge.store.documents import dump, load
from mailbridge.store.sql import Row, Sql, Values
from mailbridge.store.tables.tickets import calendars, finished_runs

_NEVER = "[]"  # the stored form of no standing, which most runs have
_Standing = tuple[tuple[datetime, datetime | None, str, str], ...]

_OF_TICKETS = (
    sa.select(finished_runs)
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
_CALENDARS = sa.select(calendars).where(calendars.c.version.in_(sa.bindparam("versions", expanding=True)))
_CALENDAR = sa.select(calendars.c.document).where(calendars.c.version == sa.bindparam("version"))


MOST_READ = 1024
_READ: WeakKeyDictionary[sa.Engine, Mapping[str, Calendar]] = WeakKeyDictionary()  # by version, as read from each database


_STORED: WeakKeyDictionary[sa.Engine, frozenset[str]] = WeakKeyDictionary()  # versions that this process stored in each database; rows stay


class FinishedRuns:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._sent: set[str] = set()  # versions of calendars that this transaction stores

    def of_tickets(self, tickets: Collection[int]) -> dict[int, tuple[FinishedRun, ...]]:
        """By ticket its finished runs; a ticket without any is left out."""
        rows = self._sql.rows(_OF_TICKETS, {"tickets": list(tickets)}) if tickets else ()
        known = self._calendars({row.calendar for row in rows}) if rows else {}
        found: dict[int, list[FinishedRun]] = {}
        for row in rows:
            if row.calendar in known:
                found.setdefault(row.ticket, []).append(_run(row, known[row.calendar]))
        return {ticket: tuple(every) for ticket, every in found.items()}

    def _calendars(self, versions: set[str]) -> Mapping[str, Calendar]:
        """At least those of these calendars that are stored.  The calendar of a version never changes: it is read once for each database.
        """
        known = _READ.get(self._sql.connection.engine, {})
        missing = sorted(versions - known.keys())
        if not missing:
            return known
        new = {row.version: _calendar(row.document) for row in self._sql.rows(_CALENDARS, {"versions": missing})}
        every = {**known, **new}
        _READ[self._sql.connection.engine] = every if len(every) <= MOST_READ else new
        return every

    def keep(self, ticket: int, runs: Sequence[FinishedRun], now: datetime, *, also: Iterable[Calendar] = ()) -> None:
        """Stores the runs with their calendars, and these calendars as well; a run that is kept already stays as it is."""
        self.remember([*(run.calendar for run in runs), *also], now)
        self._sql.change(_KEEP, [_columns(ticket, run) for run in runs])

    def forget(self, ticket: int, runs: Iterable[FinishedRun]) -> None:
        """These runs have not ended after all."""
        keys = [{"of": ticket, "what": run.promise, "whose": run.team, "from_": run.start, "to": run.end} for run in runs]
        self._sql.change(_FORGET, keys)

    def remember(self, these: Iterable[Calendar], now: datetime) -> None:
        """Stores each version of these calendars once.  What an earlier transaction stored for this process is not sent again."""
        known = _STORED.get(self._sql.connection.engine, frozenset())
        rows = {version: one for one in these if (version := version_of(one)) not in known}
        documents = [(version, _document(version, one)) for version, one in sorted(rows.items())]
        self._sql.change(_REMEMBER, [{"version": version, "document": document, "at": now} for version, document in documents])
        self._sent |= rows.keys()

    def committed(self) -> None:
        """Call after the commit: the calendars of this transaction are stored, unless a savepoint was rolled back in it."""
        if self._sent and not self._sql.undone:
            engine = self._sql.connection.engine
            every = _STORED.get(engine, frozenset()) | self._sent
            _STORED[engine] = every if len(every) <= MOST_READ else frozenset(self._sent)

    def calendar(self, version: str) -> Calendar | None:
        """The calendar of this version."""
        document = self._sql.value(_CALENDAR, {"version": version})
        return _calendar(document) if document else None


def _document(version: str, calendar: Calendar) -> str:
    """The stored form of the calendar of this version; worded once, because a new ticket stores it again."""
    known = _DOCUMENTS.get(version)
    if known is None:
        if len(_DOCUMENTS) >= MOST_READ:
            _DOCUMENTS.clear()
        known = _DOCUMENTS[version] = dump(calendar)
    return known


_DOCUMENTS: dict[str, str] = {}


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


def _run(row: Row, calendar: Calendar) -> FinishedRun:
    return FinishedRun(
        promise=row.promise,
        start=row.started_at,
        end=row.ended_at,
        budget=timedelta(seconds=row.budget),
        calendar=calendar,
        due_at=row.due_at,
        team=row.team,
        standing=load(row.standing, _Standing) if row.standing != _NEVER else (),
    )


@lru_cache(maxsize=256)
def _calendar(document: str) -> Calendar:
    return load(document, Calendar)
