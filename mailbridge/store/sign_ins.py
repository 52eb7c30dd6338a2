"""Requests to sign in to the pages.  Each is consumed once, by the link or by the code of its mail."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from mailbridge.store.sql import Sql
from mailbridge.store.tables.web import sign_ins

MOST_TRIES = 5  # codes that may be typed in for one request

_NAMES = tuple(column.name for column in sign_ins.c)
_ID = sign_ins.c.id == sa.bindparam("p_id")
_ADD = sign_ins.insert().returning(sign_ins.c.id)
_GET = sa.select(sign_ins).where(_ID)
_TRY = (
    sign_ins.update()
    .where(_ID, sign_ins.c.tries < MOST_TRIES, sign_ins.c.used_at.is_(None), sign_ins.c.expires_at > sa.bindparam("p_now"))
    .values(tries=sign_ins.c.tries + 1)
)
_USE = (
    sign_ins.update()
    .where(_ID, sign_ins.c.used_at.is_(None), sign_ins.c.expires_at > sa.bindparam("p_now"))
    .values(used_at=sa.bindparam("p_now"))
)
_FORGET = sign_ins.delete().where(sign_ins.c.requested_at < sa.bindparam("p_before"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A request.  `person` '': the address is nobody's.  `browser`: SHA-256 of the cookie of the browser that asked."""

    id: int
    person: str
    address: str
    browser: str
    back_to: str
    requested_at: datetime
    expires_at: datetime
    tries: int = 0
    used_at: datetime | None = None


class SignIns:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def request(self, person: str, address: str, now: datetime, until: datetime, *, browser: str = "", back_to: str = "/") -> SignIn:
        """A new request, which can be consumed until `until`."""
        asked = SignIn(
            id=0, person=person, address=address.lower(), browser=browser, back_to=back_to, requested_at=now, expires_at=until
        )
        values = {"person": person, "address": asked.address, "browser": browser, "back_to": back_to, "tries": 0}
        times = {"requested_at": now, "expires_at": until, "used_at": None}
        return replace(asked, id=int(self._sql.value(_ADD, {**values, **times})))

    def get(self, number: int) -> SignIn | None:
        row = self._sql.row(_GET, {"p_id": number})
        return SignIn(**dict(zip(_NAMES, row, strict=True))) if row else None

    def count_try(self, number: int, now: datetime) -> bool:
        """Counts a code that was typed in.  False where no more may be tried, or the request has ended."""
        return self._sql.change(_TRY, {"p_id": number, "p_now": now}) == 1

    def use(self, number: int, now: datetime) -> bool:
        """Consumes the request.  True for one caller, before it expires."""
        return self._sql.change(_USE, {"p_id": number, "p_now": now}) == 1

    def forget(self, before: datetime) -> None:
        """Deletes the requests from before this moment."""
        self._sql.change(_FORGET, {"p_before": before})
