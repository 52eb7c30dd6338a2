"""The processes that hold leases, one row each: what a process has claimed is its own as long as it renews its row.

    registered -> renewed every few seconds -> removed at its end
                       |
                       +-> dead (nobody saw it renewed for a while): its claims are released, a claim in its name takes nothing

The number of a row is never used again and stands at the beginning of every lease owner (`owner_name`), so it fences: where a row of a
queue was released or claimed by somebody else, the owner of before changes nothing any more.  A process whose row is dead registers anew.

Renewals are counted, not dated: who looks measures the time since the last change with a clock of its own.  So no clock that jumps, and no
difference between the clocks of two machines, ends a lease or keeps one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from mailbridge.store.sql import Sql
from mailbridge.store.tables.desk import lease_holders

_MARK = "#"  # stands in no host name, so an owner of an earlier version is told apart
_ADD = lease_holders.insert().returning(lease_holders.c.id)
_THIS = lease_holders.c.id == sa.bindparam("holder")
_RENEW = (
    lease_holders.update()
    .where(_THIS, sa.not_(lease_holders.c.dead))
    .values(renewals=lease_holders.c.renewals + 1, seen_at=sa.bindparam("now", type_=lease_holders.c.seen_at.type))
)
_ALL = sa.select(lease_holders).order_by(lease_holders.c.id)
_BURY = (
    lease_holders.update()
    .where(_THIS, lease_holders.c.renewals == sa.bindparam("seen"), sa.not_(lease_holders.c.dead))
    .values(dead=sa.true())
)
_REMOVE = lease_holders.delete().where(_THIS)
_REMOVE_OTHERS = lease_holders.delete().where(lease_holders.c.id != sa.bindparam("holder"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseHolder:
    """A process as its row has it.  `name` is `host:pid`, `seen_at` its last renewal by its own clock: both are for people."""

    id: int
    name: str
    version: str
    renewals: int
    dead: bool
    seen_at: datetime


def owner_name(holder: int) -> str:
    """What the names of all lease owners of this process begin with; a colon and what tells them apart follow."""
    return f"{_MARK}{holder}"


def holder_of(owner: str) -> int | None:
    """The process that the owner belongs to; None for an owner without one."""
    number = owner.partition(":")[0].removeprefix(_MARK)
    return int(number) if owner.startswith(_MARK) and number.isdecimal() else None


class LeaseHolders:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def register(self, name: str, version: str, now: datetime) -> int:
        """The number of a new holder, higher than all before."""
        values = {"name": name, "version": version, "renewals": 0, "dead": False, "seen_at": now}
        return int(self._sql.value(_ADD, values))

    def renew(self, holder: int, now: datetime) -> bool:
        """The holder lives.  False where it is dead already: its claims may be others' by now."""
        return self._sql.change(_RENEW, {"holder": holder, "now": now}) == 1

    def all(self) -> list[LeaseHolder]:
        return [
            LeaseHolder(id=row.id, name=row.name, version=row.version, renewals=row.renewals, dead=row.dead, seen_at=row.seen_at)
            for row in self._sql.rows(_ALL)
        ]

    def bury(self, holder: int, renewals: int) -> bool:
        """The holder is dead from now on.  False where it was renewed since, or is dead already."""
        return self._sql.change(_BURY, {"holder": holder, "seen": renewals}) == 1

    def remove(self, holder: int) -> None:
        """The holder has no claims any more."""
        self._sql.change(_REMOVE, {"holder": holder})

    def remove_others(self, holder: int) -> None:
        """No other process works on this database."""
        self._sql.change(_REMOVE_OTHERS, {"holder": holder})
