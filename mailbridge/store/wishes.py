"""The wishes of people: every change ever made, with a version that counts them, as in `customer_changes`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from mailbridge.store.customer_changes import CustomerChanges
from mailbridge.store.documents import dump, load
from mailbridge.store.sql import Row, Sql
from mailbridge.store.state import StateTable
from mailbridge.store.tables.desk import wishes
from mailbridge.tickets.actor import Actor, ActorKind

LOCK = "wishes"  # the key of `state` that the changes wait for
Values = tuple[tuple[str, str], ...]
WishKey = tuple[str, str, str]  # kind, person, name

_VERSION = sa.select(wishes.c.version).order_by(wishes.c.version.desc()).limit(1)
_SINCE = sa.select(wishes).where(wishes.c.version > sa.bindparam("since")).order_by(wishes.c.version)
_ADD = wishes.insert()


@dataclass(frozen=True, slots=True, kw_only=True)
class WishChange:
    """One change.  `values` None: the wish ended."""

    version: int
    at: datetime
    actor: Actor
    key: WishKey
    values: Values | None


class WishTable:
    def __init__(self, sql: Sql, state: StateTable, customers: CustomerChanges) -> None:
        """`customers` asks for both versions with one statement."""
        self._sql = sql
        self._state = state
        self._customers = customers
        self.changed = False  # in this transaction

    def version(self) -> int:
        """The number of the last change; 0 where nobody ever had a wish."""
        return int(self._sql.value(_VERSION) or 0) if self.changed else self._customers.version_of_wishes()

    def since(self, version: int) -> list[WishChange]:
        """The changes after this version, in their order."""
        return [_change(row) for row in self._sql.rows(_SINCE, {"since": version})]

    def lock(self, now: datetime) -> None:
        """Until this transaction ends nobody else changes a wish."""
        self._state.take(LOCK, now)
        self.changed = True  # the version is asked again

    def add(self, changes: Sequence[tuple[WishKey, Values | None]], actor: Actor, now: datetime) -> None:
        """Records the changes as the next versions."""
        if not changes:
            return
        self.lock(now)
        first = self.version() + 1
        about = {"at": now, "actor_kind": actor.kind, "actor": actor.name}
        rows = [
            {"version": number, **about, "kind": kind, "person": person, "name": name, "data": _data(values)}
            for number, ((kind, person, name), values) in enumerate(changes, start=first)
        ]
        self._sql.change(_ADD, rows)


def _data(values: Values | None) -> str | None:
    return None if values is None else dump(dict(values))


def _change(row: Row) -> WishChange:
    return WishChange(
        version=row.version,
        at=row.at,
        actor=Actor(kind=ActorKind(row.actor_kind), name=row.actor),
        key=(row.kind, row.person, row.name),
        values=None if row.data is None else tuple(load(row.data, dict[str, str]).items()),
    )
