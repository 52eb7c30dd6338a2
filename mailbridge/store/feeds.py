"""Calendar feeds: the last good content of each address, and how the last tries went."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from mailbridge.sla.closed_times import ClosedTimes
from mailbridge.store import dialects
from mailbridge.store.documents import dump, load
from mailbridge.store.sql import Row, Sql
from mailbridge.store.tables.desk import calendar_feeds


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """`fetched_at`: when the content was fetched, None: never.  `tried_at`: the last try.  `fault`: why it gave nothing; '' where it did.
    `events`, `skipped`: how many the content has, and how many of them could not be read."""

    address: str
    closed: ClosedTimes = field(default_factory=ClosedTimes)
    fetched_at: datetime | None = None
    tried_at: datetime | None = None
    fault: str = ""
    events: int = 0
    skipped: int = 0


_THIS = calendar_feeds.c.address == sa.bindparam("of")
_ALL = sa.select(calendar_feeds).order_by(calendar_feeds.c.address)
_ADD = dialects.insert_new(calendar_feeds)
_CLAIM = (
    calendar_feeds.update()
    .where(_THIS, sa.or_(calendar_feeds.c.tried_at.is_(None), calendar_feeds.c.tried_at <= sa.bindparam("before")))
    .values(tried_at=sa.bindparam("now"))
)
_FETCHED = (
    calendar_feeds.update()
    .where(_THIS)
    .values(
        content=sa.bindparam("new"),
        events=sa.bindparam("count"),
        skipped=sa.bindparam("unread"),
        fetched_at=sa.bindparam("now"),
        fault="",
    )
)
_FAILED = calendar_feeds.update().where(_THIS).values(fault=sa.bindparam("why"))


_TRY_AGAIN = calendar_feeds.update().where(calendar_feeds.c.fault != "").values(tried_at=None)
_TRIED_LATER = calendar_feeds.update().where(calendar_feeds.c.tried_at > sa.bindparam("now")).values(tried_at=None)


class Feeds:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def all(self) -> list[Feed]:
        """All addresses that were ever tried."""
        return [_feed(row) for row in self._sql.rows(_ALL)]

    def expect(self, addresses: Iterable[str]) -> None:
        """These addresses have a row."""
        empty = {"content": dump(ClosedTimes()), "fault": "", "events": 0, "skipped": 0, "fetched_at": None, "tried_at": None}
        self._sql.change(_ADD, [{"address": address, **empty} for address in addresses])

    def claim(self, address: str, before: datetime, now: datetime) -> bool:
        """True for one caller, where nobody has tried since `before`; that caller fetches it."""
        return self._sql.change(_CLAIM, {"of": address, "before": before, "now": now}) == 1

    def fetched(self, address: str, closed: ClosedTimes, now: datetime, *, events: int = 0, skipped: int = 0) -> None:
        """This is its content now."""
        self._sql.change(_FETCHED, {"of": address, "new": dump(closed), "count": events, "unread": skipped, "now": now})

    def failed(self, address: str, why: str) -> None:
        """The last try gave nothing; the last good content stays."""
        self._sql.change(_FAILED, {"of": address, "why": why})

    def try_again(self) -> int:
        """The feeds that failed are due at once; how many."""
        return self._sql.change(_TRY_AGAIN)

    def clip(self, now: datetime) -> int:
        """The feeds whose last try lies in the future are due at once; how many."""
        return self._sql.change(_TRIED_LATER, {"now": now})


def _feed(row: Row) -> Feed:
    return Feed(
        address=row.address,
        closed=load(row.content, ClosedTimes),
        fetched_at=row.fetched_at,
        tried_at=row.tried_at,
        fault=row.fault,
        events=row.events,
        skipped=row.skipped,
    )
