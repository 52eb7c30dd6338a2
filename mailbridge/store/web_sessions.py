"""Sessions of the pages.  The cookie is stored as its hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from mailbridge.store.sql import Row, Sql
from mailbridge.store.tables.web import web_sessions

_ADD = web_sessions.insert().returning(web_sessions.c.id)
_LIVE = web_sessions.c.ended_at.is_(None)
_OF = web_sessions.c.person == sa.bindparam("p_person")
_COLUMNS = tuple(column for column in web_sessions.c if column.name != "secret")
_BY_SECRET = sa.select(*_COLUMNS).where(web_sessions.c.secret == sa.bindparam("p_secret"), _LIVE)
_ALL_OF = sa.select(*_COLUMNS).where(_OF, _LIVE).order_by(web_sessions.c.id.desc())
_SEEN = web_sessions.update().where(web_sessions.c.id == sa.bindparam("p_id"), _LIVE).values(seen_at=sa.bindparam("p_now"))
_END = (
    web_sessions.update().where(_OF, _LIVE, web_sessions.c.id == sa.bindparam("p_id")).values(ended_at=sa.bindparam("p_now"))
)
_END_OTHERS = (
    web_sessions.update().where(_OF, _LIVE, web_sessions.c.id != sa.bindparam("p_id")).values(ended_at=sa.bindparam("p_now"))
)
_FORGET = web_sessions.delete().where(web_sessions.c.seen_at < sa.bindparam("p_before"))


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSession:
    """A session that was not ended.  `person`: the agent's name.  `browser`: what it said of itself, in two words."""

    id: int
    person: str
    browser: str
    created_at: datetime
    seen_at: datetime
    ended_at: datetime | None = None


class WebSessions:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def start(self, secret: str, person: str, browser: str, now: datetime) -> int:
        """A new session whose cookie has this hash; its number."""
        times = {"created_at": now, "seen_at": now, "ended_at": None}
        return int(self._sql.value(_ADD, {"secret": secret, "person": person, "browser": browser, **times}))

    def by_secret(self, secret: str) -> WebSession | None:
        """The session whose cookie has this hash, unless it was ended."""
        row = self._sql.row(_BY_SECRET, {"p_secret": secret})
        return _session(row) if row else None

    def of(self, person: str) -> list[WebSession]:
        """The sessions of a person that were not ended, newest first."""
        return [_session(row) for row in self._sql.rows(_ALL_OF, {"p_person": person})]

    def seen(self, number: int, now: datetime) -> None:
        """The session was used at this moment."""
        self._sql.change(_SEEN, {"p_id": number, "p_now": now})

    def end(self, person: str, number: int, now: datetime) -> bool:
        """Ends one session of the person; whether there was one."""
        return self._sql.change(_END, {"p_person": person, "p_id": number, "p_now": now}) == 1

    def end_all(self, person: str, now: datetime, *, but: int = 0) -> int:
        """Ends all sessions of the person, `but` one; how many."""
        return self._sql.change(_END_OTHERS, {"p_person": person, "p_id": but, "p_now": now})

    def forget(self, before: datetime) -> None:
        """Deletes the sessions that were last used before this moment."""
        self._sql.change(_FORGET, {"p_before": before})


def _session(row: Row) -> WebSession:
    return WebSession(**dict(zip((column.name for column in _COLUMNS), row, strict=True)))
