"""Clocks: deadlines as rows.  Their time is a column: `due(now)` finds them, and exactly one caller fires each.

running -> fired: final; the same deadline set again stays fired.

running <-> stopped: the target was met, or the deadline moved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from mailbridge.sla.clock import Deadline
from mailbridge.sla.reminders import base_of
from mailbridge.store import dialects
from mailbridge.store.sql import Row, Sql, Values
from mailbridge.store.tables.desk import job_failures
from mailbridge.store.tables.tickets import RUNNING, clocks

RULE = "rule"  # `promise` of a rule by time, whose name is the step


class ClockState(StrEnum):
    RUNNING = "running"
    FIRED = "fired"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A clock of a ticket."""

    id: int
    ticket: int
    deadline: Deadline
    state: ClockState = ClockState.RUNNING
    fired_at: datetime | None = None  # when it was told
    calendar: str = ""  # the version of the calendar that it was computed by; '' for none

    @property
    def alert(self) -> tuple[int, str, str]:
        """What an alert and its reminders have in common: the ticket, the promise and the step without a day."""
        return self.ticket, self.deadline.promise, base_of(self.deadline.step)


_THIS = clocks.c.id == sa.bindparam("clock")
_OF_TICKET = sa.select(clocks).where(clocks.c.ticket == sa.bindparam("ticket")).order_by(clocks.c.due_at, clocks.c.id)
_OF_TICKETS = (
    sa.select(clocks)
    .where(clocks.c.ticket.in_(sa.bindparam("tickets", expanding=True)))
    .order_by(clocks.c.ticket, clocks.c.due_at, clocks.c.id)
)
_ADD = dialects.insert_new(clocks)
_SET_STATE = clocks.update().where(_THIS, clocks.c.state != ClockState.FIRED).values(state=sa.bindparam("new_state"))
_STOP = clocks.update().where(clocks.c.ticket == sa.bindparam("of"), clocks.c.state == ClockState.RUNNING).values(state=ClockState.STOPPED)
_STOP_PROMISE = _STOP.where(clocks.c.promise == sa.bindparam("what"))
_SWEEP = "sweep"  # the job of `job_failures` whose items are clocks
_HELD_BACK = sa.exists().where(
    job_failures.c.job == _SWEEP, job_failures.c.item == sa.cast(clocks.c.id, sa.Text), job_failures.c.next_at > sa.bindparam("now")
)  # fmt: skip
_DUE = (
    sa.select(clocks)
    .where(RUNNING, clocks.c.due_at <= sa.bindparam("now"), ~_HELD_BACK)
    .order_by(clocks.c.due_at, clocks.c.id)
    .limit(sa.bindparam("most"))
)
_DUE_OF = _OF_TICKET.where(clocks.c.state == ClockState.RUNNING, clocks.c.due_at <= sa.bindparam("now"), ~_HELD_BACK)
_BREACH = sa.select(sa.func.max(clocks.c.due_at)).where(
    clocks.c.ticket == sa.bindparam("ticket"),
    clocks.c.promise == sa.bindparam("what"),
    clocks.c.step == "overdue",
    clocks.c.state != ClockState.STOPPED,
)
_FIRE = clocks.update().where(_THIS, clocks.c.state == ClockState.RUNNING).values(state=ClockState.FIRED, fired_at=sa.bindparam("now"))
_RUN_AGAIN = clocks.update().where(_THIS, clocks.c.state == ClockState.FIRED).values(state=ClockState.RUNNING, fired_at=None)
_TICKETS_AFTER = (
    sa.select(clocks.c.ticket).where(RUNNING, clocks.c.ticket > sa.bindparam("after")).distinct().order_by(clocks.c.ticket)
    .limit(sa.bindparam("most"))
)  # fmt: skip
_OVERDUE_OF = (
    sa.select(clocks.c.ticket, clocks.c.promise, clocks.c.due_at)
    .where(clocks.c.ticket.in_(sa.bindparam("tickets", expanding=True)), RUNNING, clocks.c.step == "overdue")
)  # fmt: skip
_ACTED = (
    sa.select(clocks.c.ticket, clocks.c.step, clocks.c.state)
    .where(clocks.c.ticket.in_(sa.bindparam("tickets", expanding=True)), clocks.c.promise == RULE)
)  # fmt: skip
_RE_ARM = (
    clocks.update()
    .where(clocks.c.ticket == sa.bindparam("of"), clocks.c.promise == RULE, clocks.c.step == sa.bindparam("rule"))
    .where(clocks.c.state == ClockState.FIRED)
    .values(state=ClockState.STOPPED)
)
_CLIP = (
    clocks.update()
    .where(RUNNING, clocks.c.due_at > sa.bindparam("latest"), clocks.c.step == sa.bindparam("what"))
    .values(due_at=sa.bindparam("latest"))
)
_NEXT = sa.select(sa.func.min(clocks.c.due_at)).where(RUNNING)


class Clocks:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def set(
        self,
        ticket: int,
        deadlines: Iterable[Deadline],
        now: datetime,
        *,
        since: Mapping[str, datetime] = {},
        calendars: Mapping[str, str] = {},
        new: bool = False,
    ) -> int:
        """Makes exactly these deadlines of the ticket run, except for those that have fired.  The others that ran are stopped.


        A deadline that has passed, and of which the same step fired since `since`, has only moved: it is written as fired.  `since`: by
        promise the start of its open run.  So is a reminder that came while an earlier one, or the first alert, was told late.
        `calendars`: by promise the version of the calendar that it was computed by.
        `new`: the ticket was opened in this transaction and has no clocks yet.  The number of changed and new clocks.
        """
        wanted = {(one.due_at, one.promise, one.step): one for one in deadlines}
        known = {} if new else {(row.due_at, row.promise, row.step): row for row in self._sql.rows(_OF_TICKET, {"ticket": ticket})}
        changed = [
            {"clock": row.id, "new_state": ClockState.RUNNING if key in wanted else ClockState.STOPPED}
            for key, row in known.items()
            if row.state == (ClockState.STOPPED if key in wanted else ClockState.RUNNING)
        ]
        self._sql.change(_SET_STATE, changed)
        added = [wanted[key] for key in sorted(wanted.keys() - known.keys())]
        told = _told(known.values()) if added else {}
        rows = [
            {
                **{"ticket": ticket, "calendar": calendars.get(deadline.promise)},
                **_columns(deadline),
                **_state(deadline, told, since.get(deadline.promise), now),
            }
            for deadline in added
        ]
        self._sql.change(_ADD, rows)
        return len(changed) + len(rows)

    def due(self, now: datetime, limit: int) -> list[Due]:
        """The running clocks whose time has come, oldest first, without those that wait for a further attempt."""
        return [_due(row) for row in self._sql.rows(_DUE, {"now": now, "most": limit})]

    def due_of(self, ticket: int, now: datetime) -> list[Due]:
        """The running clocks of this ticket whose time has come, oldest first."""
        return [_due(row) for row in self._sql.rows(_DUE_OF, {"ticket": ticket, "now": now})]

    def breach(self, ticket: int, promise: str) -> datetime | None:
        """When the promise is due, the latest moment where it moved; None where none is set."""
        moment: datetime | None = self._sql.value(_BREACH, {"ticket": ticket, "what": promise})
        return moment

    def fire(self, id: int, now: datetime) -> bool:
        """True for exactly one caller, which handles the deadline.  False: another caller fired it, or it was stopped."""
        return self._sql.change(_FIRE, {"clock": id, "now": now}) == 1

    def run_again(self, id: int) -> bool:
        """The fired deadline could not be handled, so it is due again."""
        return self._sql.change(_RUN_AGAIN, {"clock": id}) == 1

    def acted(self, tickets: Collection[int]) -> Mapping[tuple[int, str], bool]:
        """Each ticket and rule by time that has ever acted on it, and whether it is armed again."""
        rows = self._sql.rows(_ACTED, {"tickets": list(tickets)}) if tickets else ()
        waits = {(row.ticket, row.step) for row in rows if row.state == ClockState.FIRED}
        return {(row.ticket, row.step): (row.ticket, row.step) not in waits for row in rows}

    def act(self, ticket: int, rule: str, now: datetime) -> None:
        """The rule by time acts now.  It is not armed again before `re_arm`."""
        row = {"ticket": ticket, "promise": RULE, "step": rule, "due_at": now, "state": ClockState.FIRED, "fired_at": now, "calendar": None}
        self._sql.change(_ADD, [row])

    def re_arm(self, ticket: int, rule: str) -> int:
        """The rule by time may act on the ticket again."""
        return self._sql.change(_RE_ARM, {"of": ticket, "rule": rule})

    def stop(self, ticket: int, promise: str | None = None) -> int:
        """Stops the running clocks of this target (None: of the ticket); how many."""
        return self._sql.change(_STOP_PROMISE, {"of": ticket, "what": promise}) if promise else self._sql.change(_STOP, {"of": ticket})

    def clip(self, step: str, latest: datetime) -> int:
        """No running clock with this step is due after `latest`; how many were changed."""
        return self._sql.change(_CLIP, {"what": step, "latest": latest})

    def tickets_after(self, ticket: int, limit: int) -> list[int]:
        """The next tickets by number that have running clocks."""
        return [row.ticket for row in self._sql.rows(_TICKETS_AFTER, {"after": ticket, "most": limit})]

    def of_ticket(self, ticket: int) -> list[Due]:
        """All clocks of the ticket, by time."""
        return [_due(row) for row in self._sql.rows(_OF_TICKET, {"ticket": ticket})]

    def of_tickets(self, tickets: Collection[int]) -> dict[int, list[Due]]:
        """By ticket all its clocks, by time; a ticket without any is left out."""
        found: dict[int, list[Due]] = {}
        for row in self._sql.rows(_OF_TICKETS, {"tickets": list(tickets)}) if tickets else ():
            found.setdefault(row.ticket, []).append(_due(row))
        return found

    def due_times(self, tickets: Collection[int]) -> dict[int, dict[str, datetime]]:
        """By ticket and promise the due time that is ahead, or that nobody has been told of yet."""
        found: dict[int, dict[str, datetime]] = {}
        for row in self._sql.rows(_OVERDUE_OF, {"tickets": list(tickets)}) if tickets else ():
            found.setdefault(row.ticket, {})[row.promise] = row.due_at
        return found

    def next_due(self) -> datetime | None:
        """The time of the next running clock."""
        moment: datetime | None = self._sql.value(_NEXT)
        return moment


def _told(known: Iterable[Row]) -> dict[tuple[str, str], datetime]:
    """When each step of each promise was told last."""
    told: dict[tuple[str, str], datetime] = {}
    for row in known:
        if row.state == ClockState.FIRED and row.fired_at is not None:
            for step in {row.step, _any_day(row.step)}:
                key = (row.promise, step)
                told[key] = max(row.fired_at, told.get(key, row.fired_at))
    return told


def _any_day(step: str) -> str:
    """The name under which the first alert and all its reminders are known together."""
    return f"{base_of(step)} *"


def _state(deadline: Deadline, told: Mapping[tuple[str, str], datetime], since: datetime | None, now: datetime) -> Values:
    """Running; fired where the same step was told since then and its new moment has passed as well."""
    last = told.get((deadline.promise, deadline.step))
    covered = last is not None and since is not None and deadline.due_at <= now and last >= since
    if not covered and base_of(deadline.step) != deadline.step:
        last = told.get((deadline.promise, _any_day(deadline.step)))
        covered = last is not None and last >= deadline.due_at
    return {"state": ClockState.FIRED, "fired_at": last} if covered else {"state": ClockState.RUNNING, "fired_at": None}


def _columns(deadline: Deadline) -> Values:
    return {"promise": deadline.promise, "step": deadline.step, "due_at": deadline.due_at}


def _due(row: Row) -> Due:
    deadline = Deadline(promise=row.promise, step=row.step, due_at=row.due_at)
    state = ClockState(row.state)
    return Due(id=row.id, ticket=row.ticket, deadline=deadline, state=state, fired_at=row.fired_at, calendar=row.calendar or "")
