"""UIDs of IMAP folders that were passed by without fetching, and UIDs that the daemon has to fetch once more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa

from mailbridge.store import dialects
from mailbridge.store.sql import Sql
from mailbridge.store.tables.receipts import passed_uids, wanted_uids


class Passed(StrEnum):
    """Why a UID was not fetched."""

    OLDER = "older"  # from before the desk, and not wanted: its thread is known
    KNOWN = "known"  # the folder was read anew, and the mail is one of those
    GONE = "gone"  # the server announced it, and had it no more when it was to be fetched
    WITHDRAWN = "withdrawn"  # an operator gave it up
    UNAUDITED = "unaudited"  # a program before schema 0030 passed it by, or fetched it


class PassedUids(NamedTuple):
    first: int
    last: int
    why: Passed


class UidPlace(NamedTuple):
    """A folder in one UID epoch."""

    account: str
    folder: str
    epoch: int


_ADD = dialects.upsert(passed_uids)
_PLACE = [passed_uids.c[name] == sa.bindparam(name) for name in UidPlace._fields]
_OF = sa.select(passed_uids.c.first, passed_uids.c.last, passed_uids.c.why).where(*_PLACE).order_by(passed_uids.c.first)
_WANT = dialects.insert_new(wanted_uids)
_WANTED_PLACE = [wanted_uids.c[name] == sa.bindparam(f"in_{name}") for name in UidPlace._fields]
_WANTED = sa.select(wanted_uids.c.uid).where(*_WANTED_PLACE).order_by(wanted_uids.c.uid).limit(sa.bindparam("in_limit"))
_DONE = wanted_uids.delete().where(*_WANTED_PLACE, wanted_uids.c.uid == sa.bindparam("in_uid"))


class PassedUidTable:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, place: UidPlace, uids: Iterable[int], why: Passed, now: datetime, reason: str = "") -> None:
        """These UIDs were passed by; neighbours become one row."""
        rows = [{**place._asdict(), "first": first, "last": last, "why": why, "at": now, "reason": reason} for first, last in _runs(uids)]
        self._sql.change(_ADD, rows)

    def of(self, place: UidPlace) -> list[PassedUids]:
        """What was passed by in this epoch of the folder, in order."""
        rows = self._sql.rows(_OF, place._asdict())
        return [PassedUids(first=row.first, last=row.last, why=Passed(row.why)) for row in rows]

    def want(self, place: UidPlace, uids: Sequence[int], now: datetime) -> None:
        """The daemon fetches these UIDs once more at its next turn."""
        self._sql.change(_WANT, [{**place._asdict(), "uid": uid, "at": now} for uid in uids])

    def wanted(self, place: UidPlace, limit: int) -> list[int]:
        """The UIDs that are to be fetched once more, in order."""
        rows = self._sql.rows(_WANTED, {**{f"in_{name}": value for name, value in place._asdict().items()}, "in_limit": limit})
        return [row.uid for row in rows]

    def fetched(self, place: UidPlace, uids: Iterable[int]) -> None:
        """These UIDs need not be fetched once more."""
        named = {f"in_{name}": value for name, value in place._asdict().items()}
        self._sql.change(_DONE, [{**named, "in_uid": uid} for uid in uids])


def _runs(uids: Iterable[int]) -> list[tuple[int, int]]:
    """The UIDs as ranges, first and last."""
    runs: list[tuple[int, int]] = []
    for uid in sorted(set(uids)):
        if runs and runs[-1][1] == uid - 1:
            runs[-1] = (runs[-1][0], uid)
        else:
            runs.append((uid, uid))
    return runs
