"""Suspended addresses, which get no mail for a while, with the reason: a bounce, or an automatic responder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from mailbridge.store import dialects
from mailbridge.store.sql import Sql
from mailbridge.store.tables.access import addresses

BOUNCED = "bounced: "  # prefix of the reason of a suspension by a delivery report

_SUSPEND = dialects.upsert(addresses)
_STILL = sa.or_(addresses.c.until.is_(None), addresses.c.until > sa.bindparam("now"))
_SUSPENDED = sa.select(addresses.c.reason).where(addresses.c.address == sa.bindparam("address"), _STILL)
_LIST = sa.select(addresses).order_by(addresses.c.address)
_LIFT_BOUNCED = addresses.delete().where(
    addresses.c.address == sa.bindparam("which"), addresses.c.reason.startswith(BOUNCED, autoescape=True)
)
_LIFT = addresses.delete().where(addresses.c.address == sa.bindparam("which"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    address: str
    until: datetime | None  # None: until it is lifted
    reason: str


class Addresses:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def suspend(self, address: str, until: datetime | None, reason: str) -> None:
        """Suspends the address until then (None: until it is lifted)."""
        self._sql.change(_SUSPEND, {"address": address.lower(), "until": until, "reason": reason})

    def suspended(self, address: str, now: datetime) -> str | None:
        """Why the address is suspended now; None where it is not."""
        reason: str | None = self._sql.value(_SUSPENDED, {"address": address.lower(), "now": now})
        return reason

    def list(self) -> list[Suspension]:
        return [Suspension(address=row.address, until=row.until, reason=row.reason) for row in self._sql.rows(_LIST)]

    def lift(self, address: str) -> bool:
        """Ends the suspension; False where there was none."""
        return self._sql.change(_LIFT, {"which": address.lower()}) == 1

    def lift_bounced(self, address: str) -> bool:
        """Ends a suspension by a bounce; False where there was none."""
        return self._sql.change(_LIFT_BOUNCED, {"which": address.lower()}) == 1
