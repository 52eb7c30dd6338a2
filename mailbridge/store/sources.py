"""What is known of each way in and out, and how many mails came by it in each hour."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from mailbridge.store import dialects
from mailbridge.store.inbox_rows import InboxOutcome, InboxState
from mailbridge.store.source_health import SourceHealth
from mailbridge.store.sql import Sql
from mailbridge.store.tables.desk import arrivals, sources
from mailbridge.store.tables.incoming import inbox
from mailbridge.store.types import UtcDateTime

_EMPTY: Mapping[str, Any] = {
    "proven_at": None,
    "proof": "",
    "mail_at": None,
    "failed_at": None,
    "reason": "",
    "failing_since": None,
    "next_at": None,
    "silence": "",
    "told": "",
    "told_at": None,
}
_NOW = sa.bindparam("s_now", type_=UtcDateTime())
_AT = sa.bindparam("s_at", type_=UtcDateTime())
_THIS = sources.c.source == sa.bindparam("s_source")
_ALL = sa.select(sources).order_by(sources.c.source)
_GET = sa.select(sources).where(_THIS)
_NEW = dialects.insert_new(sources)
_WATCH = sources.update().where(_THIS).values(watched_since=_NOW)
_PROVEN = (
    sources.update()
    .where(_THIS)
    .values(proven_at=_NOW, proof=sa.bindparam("s_proof"), failing_since=None, next_at=None)
)
_FAILED = (
    sources.update()
    .where(_THIS)
    .values(failed_at=_NOW, reason=sa.bindparam("s_reason"), next_at=sa.bindparam("s_next"))
    .values(failing_since=sa.func.coalesce(sources.c.failing_since, _NOW))
)
_MAIL = (
    sources.update()
    .where(_THIS, sa.or_(sources.c.mail_at.is_(None), sources.c.mail_at < _AT))
    .values(mail_at=_AT)
)
_SILENCE = sources.update().where(_THIS).values(silence=sa.bindparam("s_silence"))
_SET_NOTIFIED = sources.update().where(_THIS).values(told=sa.bindparam("s_told"), told_at=_NOW)
_CLIP = [
    sources.update().where(column > _NOW).values({column.name: _NOW})
    for column in (sources.c.watched_since, sources.c.proven_at, sources.c.mail_at, sources.c.failing_since)
]
_FORGET = sources.delete().where(_THIS)
_ADD_ARRIVALS = dialects.insert(
    arrivals,
    lambda statement: statement.on_conflict_do_update(
        index_elements=["source", "hour"],
        set_={
            "mails": arrivals.c.mails + statement.excluded.mails,
            "bytes": arrivals.c.bytes + statement.excluded.bytes,
        },
    ),
)
_ARRIVALS = sa.select(arrivals.c.hour, arrivals.c.mails, arrivals.c.bytes).where(
    arrivals.c.source == sa.bindparam("s_source"), arrivals.c.hour >= sa.bindparam("s_hour")
)
_FORGET_ARRIVALS = arrivals.delete().where(arrivals.c.source == sa.bindparam("s_source"), arrivals.c.hour < sa.bindparam("s_hour"))
_IS_OPEN = inbox.c.state.in_((InboxState.NEW, InboxState.CLAIMED))
_IS_CANARY = sa.func.coalesce(inbox.c.outcome, "") == InboxOutcome.CANARY
_CAME = (
    sa.select(inbox.c.id, inbox.c.source, inbox.c.account, inbox.c.folder, inbox.c.received_at, inbox.c.size, _IS_OPEN, _IS_CANARY)
    .where(inbox.c.id > sa.bindparam("s_after"))
    .order_by(inbox.c.id)
    .limit(sa.bindparam("s_limit"))
)
_CLOCK = sa.text("SELECT clock_timestamp()")
_OLDEST = sa.text(
    "SELECT max(clock_timestamp() - xact_start) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class MailArrived(NamedTuple):
    """A mail of the inbox, as far as the count of arrivals needs it.  `is_open`: what becomes of it is not known yet."""

    id: int
    source: str
    account: str
    folder: str
    received_at: datetime
    size: int
    is_open: bool
    is_canary: bool


class Sources:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def all(self) -> list[SourceHealth]:
        """Every source that was ever watched, by name."""
        return [_source(row) for row in self._sql.rows(_ALL)]

    def get(self, name: str) -> SourceHealth | None:
        row = self._sql.row(_GET, {"s_source": name})
        return _source(row) if row else None

    def watch(self, names: Iterable[str], now: datetime) -> None:
        """Proofs of these are expected from `now` on."""
        for name in names:
            self._ensure(name, now)
            self._sql.change(_WATCH, {"s_source": name, "s_now": now})

    def clip(self, now: datetime) -> int:
        """Nothing was seen later than now: the clock was ahead then; how many times were changed."""
        return sum(self._sql.change(statement, {"s_now": now}) for statement in _CLIP)

    def forget(self, names: Collection[str]) -> None:
        """Nothing is known of these any more."""
        for name in names:
            self._sql.change(_FORGET, {"s_source": name})

    def proven(self, name: str, proof: str, now: datetime) -> None:
        """It was seen to work."""
        self._ensure(name, now)
        self._sql.change(_PROVEN, {"s_source": name, "s_now": now, "s_proof": proof})

    def failed(self, name: str, reason: str, now: datetime, next_at: datetime | None) -> None:
        """It was seen not to work; it has been failing since the first such moment after the last proof."""
        self._ensure(name, now)
        self._sql.change(_FAILED, {"s_source": name, "s_now": now, "s_reason": reason, "s_next": next_at})

    def mail_came(self, name: str, at: datetime, now: datetime) -> None:
        self._ensure(name, now)
        self._sql.change(_MAIL, {"s_source": name, "s_at": at})

    def is_silent(self, name: str, why: str) -> None:
        """`why` no mail for so long is unlikely; '' takes it back."""
        self._sql.change(_SILENCE, {"s_source": name, "s_silence": why})

    def set_notified(self, name: str, what: str, now: datetime) -> None:
        """The admins know of this about the source; '': that it is well again."""
        self._sql.change(_SET_NOTIFIED, {"s_source": name, "s_told": what, "s_now": now})

    def _ensure(self, name: str, now: datetime) -> None:
        self._sql.change(_NEW, {"source": name, "watched_since": now, **_EMPTY})

    # -- the database itself -----------------------------------------------------------------------------------

    def database_clock(self) -> datetime | None:
        """The moment by the clock of the database server; None for SQLite, which has ours."""
        moment: datetime | None = None if self._sql.is_sqlite else self._sql.value(_CLOCK)
        return moment

    def oldest_transaction(self) -> timedelta | None:
        """How long the oldest transaction of this database has been open; None for SQLite and where there is none but ours."""
        age: timedelta | None = None if self._sql.is_sqlite else self._sql.value(_OLDEST)
        return age

    # -- how many mails come ----------------------------------------------------------------------------------

    def came(self, after: int, limit: int) -> list[MailArrived]:
        """Mails of the inbox behind this id, oldest first."""
        return [MailArrived(*row) for row in self._sql.rows(_CAME, {"s_after": after, "s_limit": limit})]

    def add_arrivals(self, counts: Mapping[tuple[str, int], tuple[int, int]]) -> None:
        """(source, hour) -> mails and bytes that came in it, added to what is known."""
        rows = [{"source": name, "hour": hour, "mails": mails, "bytes": size} for (name, hour), (mails, size) in counts.items()]
        self._sql.change(_ADD_ARRIVALS, rows)

    def arrivals(self, name: str, since: int) -> dict[int, tuple[int, int]]:
        """Hour (since 1970) -> mails and bytes that came by this source, from hour `since` on; hours without mail are missing."""
        return {row[0]: (row[1], row[2]) for row in self._sql.rows(_ARRIVALS, {"s_source": name, "s_hour": since})}

    def forget_arrivals(self, names: Iterable[str], before: int) -> None:
        """Hours before this one are forgotten."""
        for name in names:
            self._sql.change(_FORGET_ARRIVALS, {"s_source": name, "s_hour": before})


def _source(row: Any) -> SourceHealth:
    return SourceHealth(name=row.source, **{column.name: getattr(row, column.name) for column in sources.c if column.name != "source"})
