"""The lease queue: rows of one table that workers claim, work on and finish.  Inbox, outbox and webhooks are such tables.

    ready ── claim ──► leased ── finish ──► a final state ── requeue ──► ready
      ▲                  │
      └──────────────────┘  defer (tried again at a given time), release (at once), or the lease ends

A claim counts the attempt before the work starts, so that a row that kills its worker is known as such after it.  A lease that ended makes
the row free for the next claim.  A worker whose lease another one has now gets LeaseLost from whatever it wants to record.

The lease of a row is long, because a living worker may need it.  What a dead process has claimed is released much earlier: owners belong to
a process that renews one row for all of them (`lease_holders`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from mailbridge.errors import LeaseLost
from mailbridge.store.lease_holders import holder_of, owner_name
from mailbridge.store.sql import Row, Sql, Values
from mailbridge.store.tables.desk import lease_holders

Item = TypeVar("Item")  # a row as it is listed
Claimed = TypeVar("Claimed")  # a row as the worker that claimed it gets it
Columns = Mapping[str, Any]  # column -> the value that it gets


def bind(name: str, type_: sa.types.TypeEngine[Any] | None = None) -> sa.BindParameter[Any]:
    """A parameter `in_NAME`: a plain name would be taken for the column to set."""
    return sa.bindparam(f"in_{name}", type_=type_)


_LIVES = sa.exists().where(lease_holders.c.id == bind("holder"), sa.not_(lease_holders.c.dead))


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTable:
    """The columns and states of one queue.

    Conditions are literal text, word for word that of a partial index: with bound states neither database sees that the index holds every
    row wanted.
    """

    table: sa.Table
    open: sa.TextClause  # the rows that a worker may have to look at
    ready: StrEnum  # state of a row that was released or requeued
    leased: tuple[StrEnum, ...]  # states in which a worker has the row; a claim makes the first one of it
    waits: tuple[sa.Column[Any], ...]  # a row is free when the time in each of these is reached; NULL is reached
    due: sa.Column[Any]  # the one of them that a retry sets
    lease_ends: tuple[sa.Column[Any], ...]  # the columns that hold the end of the lease of a claimed row
    created: sa.Column[Any]
    by_id: sa.ColumnElement[Any]  # in order of age; `id + 0` where the rows are found by another index than that of the key
    order: tuple[sa.ColumnElement[Any], ...]  # of claims
    counted: tuple[sa.TextClause, ...]  # all rows but those of `finished`
    finished: StrEnum  # the state whose rows grow with the years
    finished_where: sa.TextClause | None  # None: no index holds them, and they are not counted
    requeued: sa.TextClause | tuple[StrEnum, ...]  # rows that a person may have worked once more
    on_claim: Columns = field(default_factory=dict)
    on_release: Columns = field(default_factory=dict)
    on_requeue: Columns = field(default_factory=dict)
    longest_wait: timedelta = timedelta(hours=3)  # of a row that was deferred
    longest_lease: timedelta = timedelta(minutes=15)
    given_up: timedelta | None = None  # age at which a row is given up
    retried: Any = field(default_factory=sa.true)  # of the rows that wait: those that wait for the next try of something that failed

    @property
    def this(self) -> sa.ColumnElement[bool]:
        return self.table.c.id == bind("id")

    @property
    def by_owner(self) -> sa.ColumnElement[bool]:
        """The lease is this owner's; of anybody, where the owner is None."""
        return sa.or_(bind("owner", sa.Text()).is_(None), self.table.c.lease_owner == bind("owner"))

    @property
    def unleased(self) -> Columns:
        return {"lease_owner": None, **{column.name: None for column in self.lease_ends if column.nullable}}

    @property
    def at_once(self) -> Columns:
        return {self.due.name: None if self.due.nullable else bind("now")}

    def free(self, *columns: Any) -> sa.Select[Any]:
        """Open rows whose time has come, in the order of claims."""
        reached = [sa.or_(column.is_(None), column <= bind("now")) if column.nullable else column <= bind("now") for column in self.waits]
        return sa.select(*columns).where(self.open, *reached).order_by(*self.order).limit(bind("limit"))

    def end(self, **values: Any) -> sa.Update:
        """The lease ends: of a row that its owner, or anybody where none is named, has now."""
        return self.end_where(self.table.c.state.in_(self.leased), **values)

    def end_where(self, where: Any, **values: Any) -> sa.Update:
        return self.table.update().where(self.this, where, self.by_owner).values({**self.unleased, **values})

    def renew(self, **values: Any) -> sa.Update:
        """A lease that still runs gets another end."""
        until = {column.name: bind("until") for column in self.lease_ends}
        mine = (self.table.c.state == self.leased[0], self.table.c.lease_owner == bind("owner"), self.lease_ends[0] > bind("now"))
        return self.table.update().where(self.this, *mine).values({**until, **values})

    def newest_open(self, state: StrEnum) -> sa.Select[Any]:
        """Taken from the small index and sorted, instead of going back through all rows until enough are found."""
        open_ones = sa.select(self.table).where(self.open, self.table.c.state == state)
        return open_ones.order_by(self.by_id.desc()).limit(bind("limit"))

    def newest(self, *where: Any) -> sa.Select[Any]:
        return sa.select(self.table).where(*where).order_by(self.table.c.id.desc()).limit(bind("limit"))


class QueueStatements:
    """What every queue asks its database.  Made once a table, because a statement is compiled once an object."""

    def __init__(self, queue: QueueTable, lists: Mapping[StrEnum | None, sa.Select[Any]]) -> None:
        """`lists`: for each state its rows, newest first, by an index that holds few others."""
        table, is_claimed = queue.table, queue.table.c.state == queue.leased[0]
        self.queue = queue
        self.free = queue.free(table).with_for_update(skip_locked=True)
        self.is_due = queue.free(sa.literal(1)).order_by(None)
        self.claim = (
            table.update()
            .where(table.c.id.in_(sa.bindparam("in_ids", expanding=True)))
            .values(state=queue.leased[0], attempts=table.c.attempts + 1, lease_owner=bind("owner"))
            .values({**{column.name: bind("until") for column in queue.lease_ends}, **queue.on_claim})
            .where(sa.or_(bind("holder", sa.BigInteger()).is_(None), _LIVES))
        )
        self.renew = queue.renew()
        self.release_all = table.update().where(queue.open, is_claimed).values({"state": queue.ready, **queue.unleased, **queue.on_release})
        self.release = self.release_all.where(table.c.lease_owner == bind("owner"))
        # A row that is locked is being changed by a holder that was only slow, or by the claim after it: it is not waited for.
        held = sa.select(table.c.id).where(queue.open, is_claimed, table.c.lease_owner.startswith(bind("of", sa.Text())))
        self.release_held = self.release_all.where(table.c.id.in_(held.with_for_update(skip_locked=True)))
        self.has_held = held.limit(1)
        requeued = queue.requeued if isinstance(queue.requeued, sa.TextClause) else table.c.state.in_(queue.requeued)
        self.requeue = (
            table.update()
            .where(queue.this, requeued)
            .values({"state": queue.ready, "attempts": 0, **queue.unleased, **queue.at_once, **queue.on_requeue})
        )
        # Times that were written while the clock of the machine was wrong.
        is_leased = table.c.state.in_(queue.leased)
        ends = {column.name: bind("until") for column in queue.lease_ends}
        late_leases, late_waits = queue.lease_ends[0] > bind("latest"), queue.due > bind("latest")
        self.leases_by = table.update().where(queue.open, is_leased, late_leases).values(ends)
        self.leases_anew = table.update().where(queue.open, is_leased).values(ends)
        self.waits_by = table.update().where(queue.open, sa.not_(is_leased), queue.retried, late_waits).values(queue.at_once)
        self.created_by = table.update().where(queue.open, queue.created > bind("latest")).values({queue.created.name: bind("now")})
        self.created_since = table.update().where(queue.open, queue.created < bind("since")).values({queue.created.name: bind("since")})
        self.get = sa.select(table).where(queue.this)
        self.lists: dict[StrEnum | None, sa.Select[Any]] = {None: queue.newest(), **lists}
        self.lists_since = {state: statement.where(queue.created >= bind("since")) for state, statement in self.lists.items()}
        self.counts = [_count(table, where) for where in queue.counted]
        self.count_finished = [] if queue.finished_where is None else [_count(table, queue.finished_where)]
        self.oldest = sa.select(queue.created).where(queue.open).order_by(queue.by_id).limit(1)
        self.next_due = sa.select(sa.func.min(queue.waits[0] if len(queue.waits) == 1 else sa.func.coalesce(*queue.waits, queue.created)))
        self.next_due = self.next_due.where(queue.open)


def _count(table: sa.Table, where: sa.TextClause) -> sa.Select[Any]:
    return sa.select(table.c.state, sa.func.count()).where(where).group_by(table.c.state)


class LeaseQueue(ABC, Generic[Item, Claimed]):
    """One table as a queue.  A table gives its statements, and says how a row is read; it may choose rows in an order of its own."""

    _statements: QueueStatements
    _states: type[StrEnum]

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def is_due(self, now: datetime) -> bool:
        """Whether there may be a row to claim.  Asked in a transaction that only reads, so that an idle desk writes nothing."""
        return self._sql.value(self._statements.is_due, {"in_now": now, "in_limit": 1}) is not None

    def claim(self, owner: str, limit: int, lease: timedelta, now: datetime) -> list[Claimed]:
        """Rows whose time has come belong to `owner` until the lease ends; this attempt is counted.  Commit before the work starts.

        On PostgreSQL rows that another transaction claims at this moment are skipped.  An owner whose process counts as dead gets none.
        """
        return self._hold(self._choose(owner, limit, now), owner, now + lease)

    def _hold(self, rows: Sequence[Row], owner: str, until: datetime) -> list[Claimed]:
        """The rows as claimed by `owner`, of whom they are now."""
        if not rows:
            return []
        values = {"in_ids": [row.id for row in rows], "in_owner": owner, "in_until": until, "in_holder": holder_of(owner)}
        return [self._claimed(row) for row in rows] if self._sql.change(self._statements.claim, values) else []

    def _choose(self, owner: str, limit: int, now: datetime) -> Sequence[Row]:
        """The rows to claim: those that are due first."""
        return self._sql.rows(self._statements.free, {"in_now": now, "in_limit": limit})

    def renew(self, id: int, owner: str, now: datetime, lease: timedelta) -> None:
        """The lease runs `lease` from now on.  Raises LeaseLost where it ended, or is another worker's."""
        self._as_owner(self._statements.renew, id, owner, {"in_now": now, "in_until": now + lease})

    def release(self, owner: str | None = None) -> int:
        """What `owner` (None: anybody) has claimed can be claimed at once; how many rows."""
        return self._sql.change(self._statements.release, {"in_owner": owner}) if owner else self._sql.change(self._statements.release_all)

    def clip(self, now: datetime) -> int:
        """No row waits longer for its next try than the longest wait of its kind, and no lease is longer than the longest one; how many
        rows were changed.  Later times were written while the clock was ahead.
        """
        queue = self._statements.queue
        lease, is_late = queue.longest_lease, {"in_now": now, "in_latest": now + queue.longest_wait}
        changed = self._sql.change(self._statements.waits_by, self._without_now(is_late))
        changed += self._sql.change(self._statements.leases_by, {"in_until": now + lease, "in_latest": now + lease})
        return changed + self._sql.change(self._statements.created_by, is_late)

    def look_again(self, now: datetime) -> int:
        """After the clock was set: rows that wait for their next try are due now, and the leases begin anew; how many rows were changed.

        No row is from the future, and none is near the age at which it is given up: what the clock skipped does not count as waiting.
        """
        queue = self._statements.queue
        changed = self.try_again(now)
        changed += self._sql.change(self._statements.leases_anew, {"in_until": now + queue.longest_lease})
        changed += self._sql.change(self._statements.created_by, {"in_now": now, "in_latest": now})
        if queue.given_up is not None:
            changed += self._sql.change(self._statements.created_since, {"in_since": now - queue.given_up / 2})
        return changed

    def try_again(self, now: datetime) -> int:
        """Rows that were tried and wait for their next try are due now; how many."""
        return self._sql.change(self._statements.waits_by, self._without_now({"in_now": now, "in_latest": now}))

    def _without_now(self, values: Values) -> Values:
        """The values of a statement that sets `QueueTable.at_once`."""
        return {name: value for name, value in values.items() if name != "in_now" or not self._statements.queue.due.nullable}

    def release_held(self, holder: int) -> int:
        """What a dead process has claimed can be claimed at once; how many rows.  Rows that are being changed right now stay."""
        return self._sql.change(self._statements.release_held, {"in_of": f"{owner_name(holder)}:"})

    def has_held(self, holder: int) -> bool:
        """Whether a claim of the process is left."""
        return self._sql.row(self._statements.has_held, {"in_of": f"{owner_name(holder)}:"}) is not None

    def requeue(self, id: int, now: datetime) -> bool:
        """A row that is done with is worked once more as if it were new.  False: its state does not allow it."""
        values = {"in_id": id} if self._statements.queue.due.nullable else {"in_id": id, "in_now": now}
        return self._sql.change(self._statements.requeue, values) == 1

    def get(self, id: int) -> Item | None:
        row = self._sql.row(self._statements.get, {"in_id": id})
        return self._item(row) if row else None

    def counts(self, *, finished: bool = True) -> dict[str, int]:
        """Number of rows by state.  `finished` False: without those that only grow in number, which reads only the rows that are left."""
        queue = self._statements.queue
        counted = finished and queue.finished_where is not None
        statements = self._statements.counts + (self._statements.count_finished if finished else [])
        found = {row[0]: row[1] for statement in statements for row in self._sql.rows(statement)}
        return {state.value: found.get(state.value, 0) for state in self._states if counted or state is not queue.finished}

    def oldest(self) -> datetime | None:
        """When the row was created that has waited longest; None where none waits."""
        moment: datetime | None = self._sql.value(self._statements.oldest)
        return moment

    def next_due(self) -> datetime | None:
        """When a worker has to look at a row again; None where none waits."""
        moment: datetime | None = self._sql.value(self._statements.next_due)
        return moment

    def _as_owner(self, statement: sa.Update, id: int, owner: str | None, values: Values) -> bool:
        """A change of a leased row.  Raises LeaseLost where `owner` is named and has not the lease; without owner False says the same."""
        changed = self._sql.change(statement, {"in_id": id, "in_owner": owner, **values}) == 1
        if owner is not None and not changed:
            raise LeaseLost(id=id)
        return changed

    def _items(self, statement: sa.Select[Any], values: Values) -> list[Item]:
        return [self._item(row) for row in self._sql.rows(statement, values)]

    @abstractmethod
    def _item(self, row: Row) -> Item:
        """The row as it is listed."""

    @abstractmethod
    def _claimed(self, row: Row) -> Claimed:
        """The row as it is after the claim; `row` is as it was before."""

    def list(self, state: str | None = None, limit: int = 100, *, since: datetime | None = None) -> list[Item]:
        """Rows of one state, or of all, newest first; with `since` only those created since then."""
        key = self._states(state) if state else None
        if since is None:
            return self._items(self._statements.lists[key], {"in_limit": limit})
        return self._items(self._statements.lists_since[key], {"in_limit": limit, "in_since": since})
