"""The position of reading in each IMAP folder, and its mails that are not acknowledged on the server yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from mailbridge.store import dialects
from mailbridge.store.sql import Sql
from mailbridge.store.tables.incoming import UNSETTLED, cursors, folder_starts, inbox

_PLACE = (cursors.c.account == sa.bindparam("account"), cursors.c.folder == sa.bindparam("folder"))
_GET = sa.select(cursors.c.uidvalidity, cursors.c.last_uid).where(*_PLACE)
_SET = dialects.upsert(cursors)
_MAILS = (
    inbox.c.account == sa.bindparam("in_account"),
    inbox.c.folder == sa.bindparam("in_folder"),
    inbox.c.uidvalidity == sa.bindparam("in_uidvalidity"),
)
_TO_ACKNOWLEDGE = sa.select(inbox.c.uid).where(UNSETTLED, *_MAILS).order_by(inbox.c.uid)
_ACKNOWLEDGE = inbox.update().where(*_MAILS, inbox.c.uid == sa.bindparam("in_uid")).values(settled=True, settled_as=sa.bindparam("in_how"))
_ACKNOWLEDGE_OLD = (
    inbox.update()
    .where(UNSETTLED, inbox.c.account == sa.bindparam("in_account"), inbox.c.folder == sa.bindparam("in_folder"))
    .where(inbox.c.uidvalidity != sa.bindparam("in_uidvalidity"))
    .values(settled=True)
)
_START = sa.select(folder_starts.c.below, folder_starts.c.first, folder_starts.c.anew, folder_starts.c.wanted).where(
    folder_starts.c.account == sa.bindparam("account"),
    folder_starts.c.folder == sa.bindparam("folder"),
    folder_starts.c.epoch == sa.bindparam("epoch"),
)
_SET_START = dialects.upsert(folder_starts)
_FORGET_STARTS = folder_starts.delete().where(
    folder_starts.c.account == sa.bindparam("in_account"),
    folder_starts.c.folder == sa.bindparam("in_folder"),
    folder_starts.c.epoch != sa.bindparam("in_epoch"),
    folder_starts.c.first.is_(False),
)


class Start(NamedTuple):
    """The content of a folder when its reading began: UIDs below `below`.  `wanted`: those to fetch (a set of RFC 9051, '*' for all).
    `first`: they are older than the desk.  `anew`: the folder was read before, under other UIDs."""

    below: int
    first: bool
    anew: bool
    wanted: str


class Cursor(NamedTuple):
    """All mails of the folder up to `last_uid` are in the inbox, as long as the server's UIDVALIDITY is this one (RFC 9051 2.3.1.1)."""

    uidvalidity: int
    last_uid: int


class Cursors:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def get(self, account: str, folder: str) -> Cursor | None:
        row = self._sql.row(_GET, {"account": account, "folder": folder})
        return Cursor(uidvalidity=row.uidvalidity, last_uid=row.last_uid) if row else None

    def set(self, account: str, folder: str, uidvalidity: int, last_uid: int) -> None:
        """Sets the position to `last_uid`.  With a new UIDVALIDITY the mails of the old one need no acknowledgement any more: their UIDs
        are invalid."""
        self._sql.change(_ACKNOWLEDGE_OLD, {"in_account": account, "in_folder": folder, "in_uidvalidity": uidvalidity})
        self._sql.change(_SET, {"account": account, "folder": folder, "uidvalidity": uidvalidity, "last_uid": last_uid})

    def start(self, account: str, folder: str, epoch: int) -> Start | None:
        """The content of the folder when reading began in this UID epoch; None where a program before schema 0013 began it."""
        row = self._sql.row(_START, {"account": account, "folder": folder, "epoch": epoch})
        return Start(below=row.below, first=row.first, anew=row.anew, wanted=row.wanted) if row else None

    def set_start(self, account: str, folder: str, epoch: int, start: Start) -> None:
        """Begins this UID epoch of the folder.  Earlier epochs are deleted, except for first connects, whose mails may wait."""
        self._sql.change(_FORGET_STARTS, {"in_account": account, "in_folder": folder, "in_epoch": epoch})
        self._sql.change(_SET_START, {"account": account, "folder": folder, "epoch": epoch, **start._asdict()})

    def to_acknowledge(self, account: str, folder: str, uidvalidity: int | None = None) -> list[int]:
        """UIDs of committed mails that wait for their flag, move or deletion on the server, in order.

        Without `uidvalidity` those of the cursor's.
        """
        if uidvalidity is None:
            cursor = self.get(account, folder)
            return self.to_acknowledge(account, folder, cursor.uidvalidity) if cursor else []
        rows = self._sql.rows(_TO_ACKNOWLEDGE, {"in_account": account, "in_folder": folder, "in_uidvalidity": uidvalidity})
        return [row[0] for row in rows]

    def acknowledged(self, account: str, folder: str, uidvalidity: int, uids: Sequence[int], how: str = "") -> None:
        """Marks these mails as acknowledged on the server, or as needing no acknowledgement.

        `how`: what was done with them there (leave, flag, seen, move, delete), or gone; the audit tells our deletions by it.
        """
        place = {"in_account": account, "in_folder": folder, "in_uidvalidity": uidvalidity}
        self._sql.change(_ACKNOWLEDGE, [{**place, "in_uid": uid, "in_how": how or None} for uid in uids])
