"""The secrets that sign reply addresses and Message-IDs.  At most two are in use: the newest signs, both verify."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from mailbridge.ids import Chance
from mailbridge.store.sql import Sql
from mailbridge.store.tables.access import keys

_SIZE = 32  # bytes: 256 bits for HMAC-SHA-256 (RFC 2104 section 3)
_LIVE = sa.select(keys.c.id, keys.c.secret, keys.c.created_at).where(keys.c.live).order_by(keys.c.id.desc())
_ADD = keys.insert()
_RETIRE = keys.update().where(keys.c.live, keys.c.id < sa.bindparam("oldest")).values(live=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    id: int
    secret: bytes = field(repr=False)
    created_at: datetime


class KeyTable:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def live(self) -> list[SigningKey]:
        """The keys in use, newest first; at most two."""
        return [SigningKey(id=row.id, secret=bytes(row.secret), created_at=row.created_at) for row in self._sql.rows(_LIVE)]

    def ensure(self, now: datetime, chance: Chance) -> list[SigningKey]:
        """Creates a key, where there is none; returns the keys in use."""
        return self.live() or self.rotate(now, chance)

    def rotate(self, now: datetime, chance: Chance) -> list[SigningKey]:
        """Adds a key that signs from now on.  The previous one still verifies, older ones do not.  Returns the keys in use."""
        self._sql.change(_ADD, {"secret": chance(_SIZE), "created_at": now, "live": True})
        self._sql.change(_RETIRE, {"oldest": self.live()[:2][-1].id})
        return self.live()
