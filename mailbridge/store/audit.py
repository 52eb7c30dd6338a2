"""What the audit asks the store.  Each question is one pass over an index or a join over keys, however many mails there are."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from mailbridge.store.inbox_rows import InboxState
from mailbridge.store.passed_uids import UidPlace
from mailbridge.store.sql import Row, Sql
from mailbridge.store.tables.incoming import cursors, inbox
from mailbridge.store.tables.mails import blobs, mails
from mailbridge.store.tables.receipts import FETCHED, receipt_counts, receipts
from mailbridge.store.tables.tickets import tickets

REMOVED = ("move", "delete")  # `settled_as` of a mail that we took out of its folder

Lane = tuple[str, str, str]  # source, account, folder


class OutcomeCount(NamedTuple):
    """So many mails of a source have this state, outcome, handler and kind.  `wordless`: an agent's mail with nothing but lines."""

    lane: Lane
    state: str
    outcome: str | None
    handler: str | None
    kind: str | None
    wordless: bool
    mails: int


class LostMail(NamedTuple):
    """A mail that was accepted and of which something is gone.  `number`: of its receipt, None where that is gone itself.
    `has_content`: whether the raw mail is still there."""

    lane: Lane
    number: int | None
    inbox: int
    uidvalidity: int | None
    uid: int | None
    message_id: str
    subject: str
    sha256: str
    has_content: bool
    trace: str
    at: datetime
    counted: OutcomeCount | None  # how its row is counted in `outcomes`; None where there is no row


class NumberGap(NamedTuple):
    """Numbers of a source without a receipt, and the UIDs (UID epoch and UID) of the receipts before and behind them; None for none."""

    first: int
    last: int
    before: tuple[int, int] | None
    behind: tuple[int, int] | None


_LANE = (receipts.c.source, receipts.c.account, receipts.c.folder)
_COUNTS = sa.select(*_LANE, sa.func.count()).group_by(*_LANE)
_LASTS = sa.select(receipt_counts.c.source, receipt_counts.c.account, receipt_counts.c.folder, receipt_counts.c.last)
_numbers = (
    sa.select(
        receipts.c.number,
        receipts.c.uidvalidity,
        receipts.c.uid,
        sa.func.lag(receipts.c.number, 1, 0).over(order_by=receipts.c.number).label("before"),
        sa.func.lag(receipts.c.uidvalidity).over(order_by=receipts.c.number).label("epoch_before"),
        sa.func.lag(receipts.c.uid).over(order_by=receipts.c.number).label("uid_before"),
    )
    .where(*(column == sa.bindparam(f"in_{column.name}") for column in _LANE))
    .subquery()
)
_GAPS = sa.select(_numbers).where(_numbers.c.number > _numbers.c.before + 1).order_by(_numbers.c.number)
_LATEST = (
    sa.select(receipts.c.number, receipts.c.uidvalidity, receipts.c.uid)
    .where(*(column == sa.bindparam(f"in_{column.name}") for column in _LANE))
    .order_by(receipts.c.number.desc())
    .limit(1)
)
_CLOSED = (
    sa.select(*_LANE, receipts.c.closed, sa.func.count())
    .select_from(receipts.outerjoin(inbox, inbox.c.id == receipts.c.inbox))
    .where(receipts.c.closed.is_not(None), inbox.c.id.is_(None))
    .group_by(*_LANE, receipts.c.closed)
)
_has_blob = sa.exists().where(blobs.c.sha256 == receipts.c.sha256).label("has_content")
_RECEIPT = (*_LANE, receipts.c.number, receipts.c.inbox, receipts.c.uidvalidity, receipts.c.uid)
_LOST = (
    sa.select(*_RECEIPT, receipts.c.message_id, mails.c.subject, receipts.c.sha256, _has_blob, receipts.c.trace, receipts.c.at)
    .select_from(receipts.outerjoin(inbox, inbox.c.id == receipts.c.inbox).outerjoin(mails, mails.c.inbox == receipts.c.inbox))
    .where(inbox.c.id.is_(None), receipts.c.closed.is_(None))
    .order_by(receipts.c.inbox)
)
_inbox_blob = sa.exists().where(blobs.c.sha256 == inbox.c.sha256)
_ROW = (
    *(inbox.c.source, inbox.c.account, inbox.c.folder, receipts.c.number, inbox.c.id.label("inbox"), inbox.c.uidvalidity, inbox.c.uid),
    *(inbox.c.message_id, mails.c.subject, inbox.c.sha256, _inbox_blob.label("has_content"), inbox.c.trace),
    *(inbox.c.received_at.label("at"), inbox.c.state, inbox.c.outcome, inbox.c.handler, mails.c.kind),
    sa.func.coalesce(sa.and_(mails.c.internal, mails.c.fresh == ""), sa.false()).label("wordless"),
)
_rows = inbox.outerjoin(receipts, receipts.c.inbox == inbox.c.id).outerjoin(mails, mails.c.id == inbox.c.mail)
_OPEN = receipts.c.closed.is_(None)
_DONE = inbox.c.state == InboxState.DONE
_UNRECEIPTED = sa.select(*_ROW).select_from(_rows).where(receipts.c.inbox.is_(None)).order_by(inbox.c.id)
_MAIL_LOST = sa.select(*_ROW).select_from(_rows).where(_OPEN, _DONE, inbox.c.mail.is_not(None), mails.c.id.is_(None)).order_by(inbox.c.id)
_TICKET_LOST = (
    sa.select(*_ROW)
    .select_from(_rows.outerjoin(tickets, tickets.c.id == inbox.c.ticket))
    .where(_OPEN, _DONE, inbox.c.ticket.is_not(None), tickets.c.id.is_(None))
    .order_by(inbox.c.id)
)
# Of a mail that is done the content that counts is the one that its ticket shows.  An erased mail has none, a copy may have lost its own.
_CONTENT_LOST = (
    sa.select(*_ROW)
    .select_from(_rows)
    .where(
        _OPEN,
        sa.or_(
            sa.and_(sa.not_(_DONE), inbox.c.state != InboxState.DROPPED, sa.not_(_inbox_blob)),
            sa.and_(_DONE, mails.c.inbox == inbox.c.id, mails.c.sha256.is_not(None), ~sa.exists().where(blobs.c.sha256 == mails.c.sha256)),
        ),
    )
    .order_by(inbox.c.id)
)
_KEY = (
    *(inbox.c.source, inbox.c.account, inbox.c.folder, inbox.c.state, inbox.c.outcome, inbox.c.handler, mails.c.kind),
    sa.func.coalesce(sa.and_(mails.c.internal, mails.c.fresh == ""), sa.false()).label("wordless"),
)
_OUTCOMES = sa.select(*_KEY, sa.func.count()).select_from(inbox.outerjoin(mails, mails.c.id == inbox.c.mail)).group_by(*_KEY)
_ERASED = sa.select(mails.c.inbox).where(mails.c.inbox.is_not(None), mails.c.sha256.is_(None), mails.c.direction == "in")
_PLACE = (
    FETCHED,
    receipts.c.account == sa.bindparam("account"),
    receipts.c.folder == sa.bindparam("folder"),
    receipts.c.uidvalidity == sa.bindparam("epoch"),
)


def _islands(uids: sa.Select[tuple[int]]) -> sa.Select[tuple[int, int]]:
    """The UIDs as ranges: the difference from their row number is the same within one."""
    one = uids.distinct().subquery()
    numbered = sa.select(one.c.uid, (one.c.uid - sa.func.row_number().over(order_by=one.c.uid)).label("island")).subquery()
    return sa.select(sa.func.min(numbered.c.uid), sa.func.max(numbered.c.uid)).group_by(numbered.c.island)


_FETCHED = _islands(sa.select(receipts.c.uid).where(*_PLACE))
_REMOVED = _islands(
    sa.select(inbox.c.uid).where(
        inbox.c.uid.is_not(None),
        inbox.c.account == sa.bindparam("account"),
        inbox.c.folder == sa.bindparam("folder"),
        inbox.c.uidvalidity == sa.bindparam("epoch"),
        inbox.c.settled_as.in_(REMOVED),
    )
)
_EPOCHS = sa.select(receipts.c.uidvalidity).where(*_PLACE[:3]).distinct()
_PUT_BACK = inbox.insert()
_SIZE = sa.select(blobs.c.size).where(blobs.c.sha256 == sa.bindparam("sha256"))
_CURSORS = sa.select(cursors.c.account, cursors.c.folder)


class AuditQueries:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def lanes(self) -> dict[Lane, tuple[int, int]]:
        """Of each source the last number, and how many receipts there are."""
        found = {(row[0], row[1], row[2]): (0, row[3]) for row in self._sql.rows(_COUNTS)}
        for source, account, folder, last in self._sql.rows(_LASTS):
            found[source, account, folder] = (last, found.get((source, account, folder), (0, 0))[1])
        return found

    def closed(self) -> dict[tuple[Lane, str], int]:
        """How many receipts of each source are closed (WITHDRAWN, AGAIN) and have no row in the inbox."""
        return {((row[0], row[1], row[2]), row[3]): row[4] for row in self._sql.rows(_CLOSED)}

    def gaps(self, lane: Lane, last: int) -> list[NumberGap]:
        """The numbers up to `last` of which there is no receipt."""
        named = dict(zip(("in_source", "in_account", "in_folder"), lane, strict=True))
        gaps = [
            NumberGap(row.before + 1, row.number - 1, _uid(row.epoch_before, row.uid_before), _uid(row.uidvalidity, row.uid))
            for row in self._sql.rows(_GAPS, named)
        ]
        latest = self._sql.row(_LATEST, named)
        highest, before = (latest.number, _uid(latest.uidvalidity, latest.uid)) if latest else (0, None)
        return gaps + ([NumberGap(highest + 1, last, before, None)] if last > highest else [])

    def rows_lost(self) -> list[LostMail]:
        """Receipts whose row in the inbox is gone."""
        return self._lost(_LOST, has_row=False)

    def unreceipted(self) -> list[LostMail]:
        """Rows of the inbox whose receipt is gone."""
        return self._lost(_UNRECEIPTED)

    def mails_lost(self) -> list[LostMail]:
        """Mails that were processed and are not stored any more."""
        return self._lost(_MAIL_LOST)

    def tickets_lost(self) -> list[LostMail]:
        """Mails whose ticket is not stored any more."""
        return self._lost(_TICKET_LOST)

    def contents_lost(self) -> list[LostMail]:
        """Mails whose raw content is gone, although nobody erased it."""
        return self._lost(_CONTENT_LOST)

    def outcomes(self) -> list[OutcomeCount]:
        """How many mails have each outcome."""
        rows = self._sql.rows(_OUTCOMES)
        return [OutcomeCount((row[0], row[1], row[2]), row[3], row[4], row[5], row[6], bool(row[7]), row[8]) for row in rows]

    def erased(self) -> list[int]:
        """Inbox ids of mails whose content was erased by policy."""
        return [row[0] for row in self._sql.rows(_ERASED)]

    def fetched(self, place: UidPlace) -> list[tuple[int, int]]:
        """The UIDs of this epoch of the folder that have a receipt, as ranges."""
        return [(row[0], row[1]) for row in self._sql.rows(_FETCHED, place._asdict())]

    def removed(self, place: UidPlace) -> list[tuple[int, int]]:
        """Those of them that we moved or deleted on the server, as ranges."""
        return [(row[0], row[1]) for row in self._sql.rows(_REMOVED, place._asdict())]

    def epochs(self, account: str, folder: str) -> list[int]:
        """The UID epochs in which mails of the folder were fetched."""
        return [row[0] for row in self._sql.rows(_EPOCHS, {"account": account, "folder": folder})]

    def folders(self) -> list[tuple[str, str]]:
        """Account and name of every folder that was ever read."""
        return [(row[0], row[1]) for row in self._sql.rows(_CURSORS)]

    def put_back(self, lost: LostMail) -> None:
        """The mail waits in the inbox again, under its old id, with its content."""
        size = self._sql.value(_SIZE, {"sha256": lost.sha256})
        source, account, folder = lost.lane
        row = {
            **{"id": lost.inbox, "source": source, "account": account, "folder": folder, "uidvalidity": lost.uidvalidity, "uid": lost.uid},
            **{"rcpt_to": "[]", "peer": "", "helo": "", "received_at": lost.at, "sha256": lost.sha256, "size": size, "trace": lost.trace},
            **{"message_id": lost.message_id or None, "state": InboxState.NEW, "attempts": 0, "reason": "", "settled": True},
        }
        self._sql.change(_PUT_BACK, row)

    def _lost(self, statement: sa.Select[*tuple[Any, ...]], *, has_row: bool = True) -> list[LostMail]:
        return [_lost(row, has_row) for row in self._sql.rows(statement)]


def _lost(row: Row, has_row: bool) -> LostMail:
    lane = (row.source, row.account, row.folder)
    return LostMail(
        lane=lane,
        number=row.number,
        inbox=row.inbox,
        uidvalidity=row.uidvalidity,
        uid=row.uid,
        message_id=row.message_id or "",
        subject=row.subject or "",
        sha256=row.sha256,
        has_content=bool(row.has_content),
        trace=row.trace or "",
        at=row.at,
        counted=OutcomeCount(lane, row.state, row.outcome, row.handler, row.kind, bool(row.wordless), 1) if has_row else None,
    )


def _uid(epoch: int | None, uid: int | None) -> tuple[int, int] | None:
    return None if epoch is None or uid is None else (epoch, uid)
