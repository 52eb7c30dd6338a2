"""Pairings: codes mailed to agents, and what their answers proved about their way to the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from mailbridge.store.sql import Row, Sql
from mailbridge.store.tables.access import pairings

_NONCE = pairings.c.nonce == sa.bindparam("p_nonce")
_ID = pairings.c.id == sa.bindparam("p_id")
_ADD = pairings.insert()
_BY_NONCE = sa.select(pairings).where(_NONCE)
_ALL = sa.select(pairings).where(pairings.c.ended_at.is_(None)).order_by(pairings.c.agent, pairings.c.id)
_PROVEN = _ALL.where(pairings.c.believes != "")
_ANSWER = (
    pairings.update()
    .where(_ID, pairings.c.answered_at.is_(None), pairings.c.ended_at.is_(None))
    .values(answered_at=sa.bindparam("p_now"), source=sa.bindparam("p_source"), believes=sa.bindparam("p_believes"))
    .values(result=sa.bindparam("p_result"))
)
_NOTE = pairings.update().where(_ID, pairings.c.answered_at.is_(None)).values(result=sa.bindparam("p_result"))
_REPLACE = (
    pairings.update()
    .where(pairings.c.address == sa.bindparam("p_address"), pairings.c.source == sa.bindparam("p_source"), pairings.c.believes != "")
    .where(pairings.c.id != sa.bindparam("p_id"), pairings.c.ended_at.is_(None))
    .values(ended_at=sa.bindparam("p_now"))
)
_END = (
    pairings.update()
    .where(pairings.c.agent == sa.bindparam("p_agent"), pairings.c.ended_at.is_(None))
    .values(ended_at=sa.bindparam("p_now"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """One code mailed to an agent.  `believes` is '' until an answer proved a way; `answered_at` is None until one came."""

    id: int
    agent: str
    address: str
    requested_at: datetime
    expires_at: datetime
    answered_at: datetime | None = None
    source: str = ""
    believes: str = ""
    result: str = ""
    ended_at: datetime | None = None


class Pairings:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def request(self, agent: str, address: str, nonce: str, now: datetime, expires_at: datetime) -> None:
        """Waits for an answer with the code whose SHA-256 is `nonce`."""
        row = {"agent": agent, "address": address.lower(), "nonce": nonce, "requested_at": now, "expires_at": expires_at}
        self._sql.change(_ADD, {**row, "source": "", "believes": "", "result": ""})

    def by_nonce(self, nonce: str) -> Pairing | None:
        """The pairing whose code has this SHA-256, in any state."""
        return next((_pairing(row) for row in self._sql.rows(_BY_NONCE, {"p_nonce": nonce})), None)

    def answer(self, id: int, source: str, believes: str, result: str, now: datetime) -> bool:
        """Records the answer and what it proved; False where another answer came first."""
        values = {"p_id": id, "p_source": source, "p_believes": believes, "p_result": result, "p_now": now}
        return self._sql.change(_ANSWER, values) == 1

    def note(self, id: int, result: str) -> None:
        """Records an answer that proved nothing; the pairing still waits."""
        self._sql.change(_NOTE, {"p_id": id, "p_result": result})

    def replace_earlier(self, id: int, address: str, source: str, now: datetime) -> None:
        """Makes `id` the only valid pairing of this address with this source."""
        self._sql.change(_REPLACE, {"p_id": id, "p_address": address, "p_source": source, "p_now": now})

    def end(self, agent: str, now: datetime) -> int:
        """Ends all pairings of this agent, also those that wait; how many."""
        return self._sql.change(_END, {"p_agent": agent, "p_now": now})

    def proven(self) -> list[Pairing]:
        """The valid pairings."""
        return [_pairing(row) for row in self._sql.rows(_PROVEN)]

    def all(self) -> list[Pairing]:
        """The pairings that are valid, wait, or failed; without those that were ended or replaced."""
        return [_pairing(row) for row in self._sql.rows(_ALL)]


def _pairing(row: Row) -> Pairing:
    return Pairing(
        id=row.id,
        agent=row.agent,
        address=row.address,
        requested_at=row.requested_at,
        expires_at=row.expires_at,
        answered_at=row.answered_at,
        source=row.source,
        believes=row.believes,
        result=row.result,
        ended_at=row.ended_at,
    )
