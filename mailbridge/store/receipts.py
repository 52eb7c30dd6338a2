"""Receipts: the durable record that a mail was acknowledged (250, exit code 0, IMAP flag), apart from its row in the inbox.

Each source (way, account, folder) numbers its receipts 1, 2, 3, ... without a gap, and another table has the last number of each.  So a row
that was deleted from any of the three tables is missed by the other two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

import sqlalchemy as sa

from mailbridge.store import dialects
from mailbridge.store.sql import Sql
from mailbridge.store.tables.incoming import inbox
from mailbridge.store.tables.receipts import FETCHED, receipt_counts, receipts

WITHDRAWN = "withdrawn"  # an operator gave the mail up
AGAIN = "again"  # the mail was fetched again, under another number

_LANE = ("source", "account", "folder")


def _greater(one: sa.ColumnElement[int], other: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.case((one > other, one), else_=other)


_MORE: sa.BindParameter[int] = sa.bindparam("more", type_=sa.BigInteger())
_of = receipts.alias("of")  # a count that was lost must not make the desk refuse mail: it goes on behind the last receipt
_highest = sa.select(sa.func.coalesce(sa.func.max(_of.c.number), 0)).where(*(_of.c[name] == sa.bindparam(f"of_{name}") for name in _LANE))
_COUNT = dialects.insert(
    receipt_counts,
    lambda insert: (
        (new := insert.values(**{name: sa.bindparam(f"of_{name}") for name in _LANE}, last=_highest.scalar_subquery() + _MORE))
        .on_conflict_do_update(index_elements=_LANE, set_={"last": _greater(receipt_counts.c.last + _MORE, new.excluded.last)})
        .returning(receipt_counts.c.last)
    ),
)
_ADD = receipts.insert()
_REPLACED = (
    receipts.update()
    .where(
        FETCHED,
        receipts.c.account == sa.bindparam("in_account"),
        receipts.c.folder == sa.bindparam("in_folder"),
        receipts.c.uidvalidity == sa.bindparam("in_epoch"),
        receipts.c.uid == sa.bindparam("in_uid"),
        receipts.c.closed.is_(None),
        ~sa.exists().where(inbox.c.id == receipts.c.inbox),
    )
    .values(closed=AGAIN)
)
_THIS = [receipts.c[name] == sa.bindparam(f"in_{name}") for name in (*_LANE, "number")]
_CLOSE = receipts.update().where(*_THIS).values(closed=sa.bindparam("in_closed"), reason=sa.bindparam("in_reason"))


class Receipt(NamedTuple):
    """A receipt without its number.  `uidvalidity` and `uid`: None for what did not come by IMAP."""

    source: str
    account: str
    folder: str
    inbox: int
    uidvalidity: int | None
    uid: int | None
    sha256: str
    message_id: str | None
    trace: str | None
    at: datetime

    @property
    def lane(self) -> tuple[str, str, str]:
        return self.source, self.account, self.folder


class Receipts:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def give(self, accepted: Sequence[Receipt]) -> None:
        """Numbers these mails and stores their receipts.  The lanes are locked in one order, so that no two processes wait for each other.
        """
        for lane, group in groupby(sorted(accepted, key=lambda one: one.lane), key=lambda one: one.lane):
            mails = list(group)
            last = self._count(lane, len(mails))
            first = last - len(mails) + 1
            self._sql.change(_ADD, [{**one._asdict(), "number": number} for number, one in enumerate(mails, start=first)])

    def replace(self, account: str, folder: str, epoch: int, uids: Iterable[int]) -> None:
        """The receipts of mails whose row is gone, and that are fetched again, are closed."""
        self._sql.change(_REPLACED, [{"in_account": account, "in_folder": folder, "in_epoch": epoch, "in_uid": uid} for uid in uids])

    def close(self, lane: tuple[str, str, str], number: int, closed: str, reason: str, now: datetime) -> None:
        """The receipt with this number is WITHDRAWN or comes AGAIN under another number; it is stored where it is gone itself."""
        key = {**dict(zip(_LANE, lane, strict=True)), "number": number}
        named = {f"in_{name}": value for name, value in key.items()}
        if not self._sql.change(_CLOSE, {**named, "in_closed": closed, "in_reason": reason}):
            self._sql.change(_ADD, {**key, "inbox": 0, "sha256": "", "at": now, "closed": closed, "reason": reason})

    def _count(self, lane: tuple[str, str, str], more: int) -> int:
        named = {f"of_{name}": value for name, value in zip(_LANE, lane, strict=True)}
        return int(self._sql.value(_COUNT, {**named, "more": more}))
