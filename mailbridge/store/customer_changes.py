"""The overlay over the files of customers: every change ever made, with a version that counts them.

A change waits for the transaction before it, so versions are committed in their order: who has read up to a version misses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from mailbridge.customers.change import EntryChanged
from mailbridge.customers.entry import EntryId, EntryPart
from mailbridge.store.documents import dump, load
from mailbridge.store.sql import Row, Sql
from mailbridge.store.state import StateTable
from mailbridge.store.tables.customers import customer_changes
from mailbridge.store.tables.desk import wishes
from mailbridge.tickets.actor import Actor, ActorKind

LOCK = "customers.overlay"  # the key of `state` that the changes wait for

_LAST = sa.select(customer_changes.c.version).order_by(customer_changes.c.version.desc()).limit(1)
_LAST_WISH = sa.select(wishes.c.version).order_by(wishes.c.version.desc()).limit(1)
_VERSIONS = sa.select(_LAST.scalar_subquery().label("customers"), _LAST_WISH.scalar_subquery().label("wishes"))
_SINCE = sa.select(customer_changes).where(customer_changes.c.version > sa.bindparam("since")).order_by(customer_changes.c.version)
_ADD = customer_changes.insert()
_OF = (
    sa.select(customer_changes)
    .where(customer_changes.c.customer == sa.bindparam("whose"))
    .order_by(customer_changes.c.version.desc())
    .limit(sa.bindparam("most"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChange:
    """One change of an entry.  `after` None: it was removed."""

    version: int
    at: datetime
    actor: Actor
    ticket: int | None
    id: EntryId
    name: str
    after: tuple[tuple[str, str], ...] | None


class CustomerChanges:
    def __init__(self, sql: Sql, state: StateTable) -> None:
        self._sql = sql
        self._state = state
        self.changed = False  # in this transaction
        self._version: int | None = None
        self._wishes = 0

    def version(self) -> int:
        """The version of the overlay; 0 where nothing was ever changed.  Asked once in a transaction, until that locks or changes it."""
        if self._version is None or self.changed:
            (row,) = self._sql.rows(_VERSIONS, {})
            self._version, self._wishes = row.customers or 0, row.wishes or 0
        return self._version

    def version_of_wishes(self) -> int:
        """The version of the table of wishes, asked for together with that of the customers."""
        self.version()
        return self._wishes

    def since(self, version: int) -> list[CustomerChange]:
        """The changes after this version, in their order."""
        return [_change(row) for row in self._sql.rows(_SINCE, {"since": version})]

    def of(self, customer: str, limit: int) -> list[CustomerChange]:
        """The latest changes of one customer, newest first."""
        return [_change(row) for row in self._sql.rows(_OF, {"whose": customer, "most": limit})]

    def lock(self, now: datetime) -> None:
        """Until this transaction ends nobody else changes the overlay."""
        self._state.take(LOCK, now)
        self._version = None

    def add(self, changes: Sequence[EntryChanged], actor: Actor, ticket: int | None, now: datetime) -> None:
        """Records the changes as the next versions."""
        if not changes:
            return
        self.lock(now)
        first = self.version() + 1
        about = {"at": now, "actor_kind": actor.kind, "actor": actor.name, "ticket": ticket}
        self._sql.change(_ADD, [{"version": number, **about, **_columns(one)} for number, one in enumerate(changes, start=first)])
        self.changed = True


def _columns(change: EntryChanged) -> dict[str, object]:
    data = None if change.after is None else dump(dict(change.after))
    return {"customer": change.id.customer, "part": change.id.part, "key": change.id.key, "name": change.name, "data": data}


def _change(row: Row) -> CustomerChange:
    return CustomerChange(
        version=row.version,
        at=row.at,
        actor=Actor(kind=ActorKind(row.actor_kind), name=row.actor),
        ticket=row.ticket,
        id=EntryId(customer=row.customer, part=EntryPart(row.part), key=row.key),
        name=row.name,
        after=None if row.data is None else tuple(load(row.data, dict[str, str]).items()),
    )
