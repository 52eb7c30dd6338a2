"""The durable inbox: every accepted mail, until it is processed.

    new -> claimed -> done            outcome: ticket, append, duplicate, kept, ignored, held
     ^        |------> quarantined    whole, with its reason, until a person retries or drops it
     +--------+------> dropped

A claim counts the attempt before the work starts, so that a mail that kills the process is known as such after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from mailbridge.message.envelope import Envelope, Source
from mailbridge.store import dialects
from mailbridge.store.blobs import Blobs
from mailbridge.store.inbox_rows import (
    ClaimedMail,
    InboxOutcome,
    InboxRow,
    InboxState,
    KeptMail,
    hint_message_id,
    inbox_row,
    new_row,
    receipt_of,
    waiting,
)
from mailbridge.store.queue import LeaseQueue, QueueStatements, QueueTable, bind
from mailbridge.store.receipts import Receipts
from mailbridge.store.sql import Row, Sql, Values
from mailbridge.store.tables.incoming import ASIDE, DONE, HAS_TRACE, KEPT, WAITING, inbox
from mailbridge.store.tables.mails import mails

__all__ = ["InboxTable", "InboxRow", "InboxOutcome", "InboxState", "ClaimedMail", "hint_message_id"]


_ENVELOPE = (
    *(inbox.c.source, inbox.c.account, inbox.c.folder, inbox.c.uidvalidity, inbox.c.uid),
    *(inbox.c.mail_from, inbox.c.rcpt_to, inbox.c.peer, inbox.c.helo, inbox.c.received_at, inbox.c.trace),
)
_QUEUE = QueueTable(
    table=inbox,
    open=WAITING,
    ready=InboxState.NEW,
    leased=(InboxState.CLAIMED,),
    waits=(inbox.c.not_before, inbox.c.lease_until),
    due=inbox.c.not_before,
    lease_ends=(inbox.c.lease_until,),
    created=inbox.c.received_at,
    by_id=inbox.c.id,
    order=(inbox.c.id,),
    counted=(WAITING, ASIDE),
    finished=InboxState.DONE,
    finished_where=DONE,
    requeued=ASIDE,
    on_claim={"not_before": None},
    on_requeue={"reason": "", "done_at": None},
)

_ADD = inbox.insert().returning(inbox.c.id, sort_by_parameter_order=True)
_ADD_FETCHED = dialects.insert(
    inbox,
    lambda insert: insert.on_conflict_do_nothing().returning(inbox.c.account, inbox.c.folder, inbox.c.uidvalidity, inbox.c.uid, inbox.c.id),
)
_FETCHED = sa.select(inbox.c.uid, inbox.c.id).where(
    inbox.c.account == bind("account"),
    inbox.c.folder == bind("folder"),
    inbox.c.uidvalidity == bind("uidvalidity"),
    inbox.c.uid.in_(sa.bindparam("in_uids", expanding=True)),
)
_FREE = _QUEUE.free(inbox.c.id, inbox.c.sha256, inbox.c.size, inbox.c.attempts, *_ENVELOPE).with_for_update(skip_locked=True)
_IN_LANE = (inbox.c.source == bind("source"), inbox.c.account == bind("account"))
_FREE_IN_LANE = _FREE.where(*_IN_LANE)
_NEXT_LANE = (
    sa.select(inbox.c.source, inbox.c.account)
    .where(WAITING, sa.tuple_(inbox.c.source, inbox.c.account) > sa.tuple_(bind("source", sa.Text()), bind("account", sa.Text())))
    .order_by(inbox.c.source, inbox.c.account)
    .limit(1)
)
_FINISH = _QUEUE.end(state=InboxState.DONE, outcome=bind("outcome"), reason=bind("reason"), done_at=bind("now")).values(
    mail=bind("mail"), ticket=bind("ticket"), handler=bind("handler")
)
_DEFER = _QUEUE.end(state=InboxState.NEW, not_before=bind("not_before"), attempts=inbox.c.attempts - bind("forget"))
_SET_ASIDE = _QUEUE.end_where(
    inbox.c.state.in_([InboxState.NEW, InboxState.CLAIMED, InboxState.QUARANTINED]),
    **{"state": bind("state"), "reason": bind("reason"), "done_at": bind("now")},
)
_REOPEN = (
    inbox.update().where(_QUEUE.this, DONE).values(state=InboxState.NEW, attempts=0, outcome=None, reason="", done_at=None, not_before=None)
)
_EXPLAIN = inbox.update().where(_QUEUE.this, DONE).values(reason=bind("reason"))
_EARLIER = (
    sa.select(inbox.c.id)
    .where(WAITING, inbox.c.message_id.in_(sa.bindparam("in_message_ids", expanding=True)), inbox.c.id < bind("before"))
    .limit(1)
)
_OTHERS_AT_WORK = (
    sa.select(sa.literal(1))
    .where(WAITING, inbox.c.state == InboxState.CLAIMED, inbox.c.lease_until > bind("now"))
    .where(sa.not_(inbox.c.lease_owner.startswith(bind("process", sa.Text()), autoescape=False)))
    .limit(1)
)
_STATEMENTS = QueueStatements(
    _QUEUE,
    {
        InboxState.NEW: _QUEUE.newest_open(InboxState.NEW),
        InboxState.CLAIMED: _QUEUE.newest_open(InboxState.CLAIMED),
        InboxState.QUARANTINED: _QUEUE.newest(ASIDE, inbox.c.state == InboxState.QUARANTINED),
        InboxState.DROPPED: _QUEUE.newest(ASIDE, inbox.c.state == InboxState.DROPPED),
        InboxState.DONE: sa.select(inbox).where(DONE).order_by(inbox.c.done_at.desc(), inbox.c.id.desc()).limit(bind("limit")),
    },
)
_BY_TRACE = sa.select(inbox).where(HAS_TRACE, inbox.c.trace == bind("trace")).order_by(inbox.c.id)
# Never claimed, so set aside when it was fetched.
_UNFETCHED = (
    sa.select(inbox)
    .where(ASIDE, inbox.c.state == InboxState.QUARANTINED, inbox.c.attempts == 0, inbox.c.source == Source.IMAP, inbox.c.id > bind("after"))
    .order_by(inbox.c.id)
    .limit(bind("limit"))
)
_KEPT = (
    sa.select(mails.c.id, mails.c.sender, mails.c.subject, inbox.c.reason)
    .select_from(inbox.join(mails, mails.c.id == inbox.c.mail))
    .where(KEPT, inbox.c.done_at >= bind("since"), inbox.c.done_at < bind("until"))
    .where(mails.c.ticket.is_(None), sa.not_(mails.c.internal))
    .order_by(inbox.c.done_at, inbox.c.id)
)
_IGNORED = (
    sa.select(mails.c.id, mails.c.sender, mails.c.subject, inbox.c.reason)
    .select_from(inbox.join(mails, mails.c.id == inbox.c.mail))
    .where(DONE, inbox.c.done_at >= bind("since"), inbox.c.done_at < bind("until"), inbox.c.outcome == InboxOutcome.IGNORED)
    .where(mails.c.ticket.is_(None), sa.not_(mails.c.internal))
    .order_by(inbox.c.done_at, inbox.c.id)
)


class InboxTable(LeaseQueue[InboxRow, ClaimedMail]):
    """The inbox.  Released claims stay counted: a mail that killed its worker is known as such.

    Each source and account gets its share of a claim: a mail does not wait for the backlog of another mailbox.  A mail that was tried
    before comes alone, so that one that kills the process takes no others with it.
    """

    _statements, _states = _STATEMENTS, InboxState

    def __init__(self, sql: Sql, blobs: Blobs, receipts: Receipts) -> None:
        super().__init__(sql)
        self._blobs, self._receipts = blobs, receipts

    def add_many(self, items: Sequence[tuple[bytes, Envelope]]) -> list[int]:
        """The mails wait, with their contents, and each has its receipt; their ids in the order given.

        A mail from IMAP that is there already (same account, folder, UIDVALIDITY and UID) keeps its row, whatever came of it.
        """
        names = self._blobs.put_many([raw for raw, _ in items])
        rows = [new_row(raw, envelope, name) for (raw, envelope), name in zip(items, names, strict=True)]
        plain = [row for row in rows if row["uid"] is None]
        ids = [found.id for found in self._sql.rows(_ADD, plain)] if plain else []
        fetched = self._add_fetched([row for row in rows if row["uid"] is not None])
        self._receipts.give([receipt_of(row, id) for row, id in zip(plain, ids, strict=True)])
        given = iter(ids)
        return [next(given) if row["uid"] is None else fetched[_place(row), row["uid"]] for row in rows]

    def _add_fetched(self, rows: Sequence[Values]) -> dict[tuple[tuple[str, str, int], int], int]:
        """(folder, UID) -> id of mails from IMAP, old rows and new ones.  The new ones get their receipts."""
        if not rows:
            return {}
        new = {((row.account, row.folder, row.uidvalidity), row.uid): row.id for row in self._sql.rows(_ADD_FETCHED, rows)}
        self._receipts.give([receipt_of(row, new[_place(row), row["uid"]]) for row in rows if (_place(row), row["uid"]) in new])
        return new | self._known([row for row in rows if (_place(row), row["uid"]) not in new])

    def _known(self, rows: Sequence[Values]) -> dict[tuple[tuple[str, str, int], int], int]:
        """(folder, UID) -> id of mails that were there before."""
        ids = {}
        for place in dict.fromkeys(_place(row) for row in rows):
            account, folder, uidvalidity = place
            uids = [row["uid"] for row in rows if _place(row) == place]
            values = {"in_account": account, "in_folder": folder, "in_uidvalidity": uidvalidity, "in_uids": uids}
            ids.update({(place, found.uid): found.id for found in self._sql.rows(_FETCHED, values)})
        return ids

    def _choose(self, owner: str, limit: int, now: datetime) -> Sequence[Row]:
        free = self._free(limit, now)
        return list(_healthy(free)) or free[:1]

    def _free(self, limit: int, now: datetime) -> list[Row]:
        """Mails that can be claimed, in the order they came; of each lane (source and account) an equal share, the rest from the oldest."""
        asked = {"in_now": now, "in_limit": limit}
        lanes = list(self._lanes())
        if len(lanes) < 2:
            return list(self._sql.rows(_FREE, asked))
        share = {**asked, "in_limit": max(1, limit // len(lanes))}
        found = {row.id: row for source, account in lanes for row in self._lane(source, account, share)}
        if len(found) < limit:
            others = [row for row in self._sql.rows(_FREE, asked) if row.id not in found]
            found |= {row.id: row for row in others[: limit - len(found)]}
        return [found[id] for id in sorted(found)[:limit]]

    def _lane(self, source: str, account: str, asked: Values) -> Sequence[Row]:
        return self._sql.rows(_FREE_IN_LANE, {**asked, "in_source": source, "in_account": account})

    def _lanes(self) -> Iterator[tuple[str, str]]:
        """Each source and account that has mails waiting; a look into the index for each, however many mails wait."""
        source, account = "", ""
        while (lane := self._sql.row(_NEXT_LANE, {"in_source": source, "in_account": account})) is not None:
            source, account = lane
            yield source, account

    def finish(
        self,
        id: int,
        outcome: str,
        now: datetime,
        mail: int | None = None,
        ticket: int | None = None,
        reason: str = "",
        *,
        handler: str = "",
        owner: str | None = None,
    ) -> bool:
        """The mail is done.  False: nobody has it claimed.  With `owner`, raises LeaseLost where another worker has it: undo everything."""
        became = {"in_outcome": InboxOutcome(outcome), "in_reason": reason, "in_mail": mail, "in_ticket": ticket, "in_now": now}
        became["in_handler"] = handler or None
        return self._as_owner(_FINISH, id, owner, became)

    def defer(self, id: int, not_before: datetime, *, forget_attempt: bool, owner: str | None = None) -> bool:
        """The mail waits again, until `not_before` at least.  `forget_attempt`: the try was not the mail's fault and does not count.

        With `owner`, raises LeaseLost where another worker has the mail.
        """
        return self._as_owner(_DEFER, id, owner, {"in_not_before": not_before, "in_forget": int(forget_attempt)})

    def quarantine(self, id: int, reason: str, now: datetime, *, owner: str | None = None) -> bool:
        """The mail is kept whole and aside, for a person to look at.  With `owner`, raises LeaseLost where another worker has it."""
        return self._set_aside(id, InboxState.QUARANTINED, reason, now, owner)

    def drop(self, id: int, reason: str, now: datetime | None = None) -> bool:
        """Nothing becomes of the mail; the row stays and says why."""
        return self._set_aside(id, InboxState.DROPPED, reason, now)

    def _set_aside(self, id: int, state: InboxState, reason: str, now: datetime | None, owner: str | None = None) -> bool:
        return self._as_owner(_SET_ASIDE, id, owner, {"in_state": state, "in_reason": reason, "in_now": now})

    def reopen(self, id: int) -> bool:
        """A mail that is done waits again, because an agent agreed to what it asks for."""
        return self._sql.change(_REOPEN, {"in_id": id}) == 1

    def explain(self, id: int, reason: str) -> None:
        """Why a mail that is done is done with."""
        self._sql.change(_EXPLAIN, {"in_id": id, "in_reason": reason})

    def quarantined(self, limit: int = 100) -> list[InboxRow]:
        """What waits for a person, newest first."""
        return self.list(InboxState.QUARANTINED, limit)

    def by_trace(self, trace: str) -> InboxRow | None:
        """The mail with this trace id."""
        return next(iter(self._items(_BY_TRACE, {"in_trace": trace})), None)

    def unfetched(self, after: int, limit: int) -> list[InboxRow]:
        """Mails with a greater id that an IMAP server did not give, oldest first."""
        return self._items(_UNFETCHED, {"in_after": after, "in_limit": limit})

    def kept(self, since: datetime, until: datetime) -> Sequence[KeptMail]:
        """Mails of people and robots outside that were kept on no ticket in this time and still are on none, oldest first; then those
        that a rule dropped."""
        values = {"in_since": since, "in_until": until}
        rows = [row for statement in (_KEPT, _IGNORED) for row in self._sql.rows(statement, values)]
        return [KeptMail(mail=row.id, sender=row.sender, subject=row.subject, reason=row.reason) for row in rows]

    def earlier_waiting(self, message_ids: Iterable[str], before_id: int) -> bool:
        """Whether a mail with one of these Message-IDs came before this one and is not worked off yet."""
        values = {"in_message_ids": list(message_ids), "in_before": before_id}
        return bool(values["in_message_ids"]) and self._sql.row(_EARLIER, values) is not None

    def others_at_work(self, process: str, now: datetime) -> bool:
        """Whether another process than `process` (what its owners' names begin with) has mails claimed at this moment."""
        return self._sql.row(_OTHERS_AT_WORK, {"in_process": process, "in_now": now}) is not None

    def _item(self, row: Row) -> InboxRow:
        return inbox_row(row)

    def _claimed(self, row: Row) -> ClaimedMail:
        return waiting(row)


def _place(row: Values) -> tuple[str, str, int]:
    return row["account"], row["folder"], row["uidvalidity"]


def _healthy(rows: Iterable[Row]) -> Iterable[Row]:
    """The rows before the first one that was tried already."""
    for row in rows:
        if row.attempts:
            return
        yield row
