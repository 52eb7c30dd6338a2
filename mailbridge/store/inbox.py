"""The durable inbox: every mail that was accepted, until something became of it.

    new -> claimed -> done            outcome: ticket, append, duplicate, kept, ignored, held
     ^        |------> quarantined    whole, with its reason, until a person retries or drops it
     +--------+------> dropped

A claim counts the attempt before the work starts, so that a mail that kills the process is known as such after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

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
    waiting,
)
from mailbridge.store.schema import ASIDE, DONE, KEPT, WAITING, inbox, mails
from mailbridge.store.sql import Row, Sql, Values

__all__ = ["InboxTable", "InboxRow", "InboxOutcome", "InboxState", "ClaimedMail", "hint_message_id"]


def _bind(name: str, type_: sa.types.TypeEngine[Any] | None = None) -> sa.BindParameter[Any]:
    return sa.bindparam(f"in_{name}", type_=type_)  # a plain name would be taken for the column to set


_ENVELOPE = (
    *(inbox.c.source, inbox.c.account, inbox.c.folder, inbox.c.uidvalidity, inbox.c.uid),
    *(inbox.c.mail_from, inbox.c.rcpt_to, inbox.c.peer, inbox.c.helo, inbox.c.received_at),
)
_THIS = inbox.c.id == _bind("id")
_BY_OWNER = sa.or_(_bind("owner", sa.Text()).is_(None), inbox.c.lease_owner == _bind("owner"))
_UNCLAIMED = inbox.update().values(lease_owner=None, lease_until=None)

_ADD = inbox.insert().returning(inbox.c.id, sort_by_parameter_order=True)
_ADD_FETCHED = dialects.insert_new(inbox)
_FETCHED = sa.select(inbox.c.uid, inbox.c.id).where(
    inbox.c.account == _bind("account"),
    inbox.c.folder == _bind("folder"),
    inbox.c.uidvalidity == _bind("uidvalidity"),
    inbox.c.uid.in_(sa.bindparam("in_uids", expanding=True)),
)
_FREE = (
    sa.select(inbox.c.id, inbox.c.sha256, inbox.c.size, inbox.c.attempts, *_ENVELOPE)
    .where(WAITING)
    .where(sa.or_(inbox.c.not_before.is_(None), inbox.c.not_before <= _bind("now")))
    .where(sa.or_(inbox.c.lease_until.is_(None), inbox.c.lease_until <= _bind("now")))
    .order_by(inbox.c.id)
    .limit(_bind("limit"))
    .with_for_update(skip_locked=True)
)
_IN_LANE = (inbox.c.source == _bind("source"), inbox.c.account == _bind("account"))
_FREE_IN_LANE = _FREE.where(*_IN_LANE)
_NEXT_LANE = (
    sa.select(inbox.c.source, inbox.c.account)
    .where(WAITING, sa.tuple_(inbox.c.source, inbox.c.account) > sa.tuple_(_bind("source", sa.Text()), _bind("account", sa.Text())))
    .order_by(inbox.c.source, inbox.c.account)
    .limit(1)
)
_CLAIM = (
    inbox.update()
    .where(inbox.c.id.in_(sa.bindparam("in_ids", expanding=True)))
    .values(
        state=InboxState.CLAIMED, attempts=inbox.c.attempts + 1, lease_owner=_bind("owner"), lease_until=_bind("until"), not_before=None
    )
)
_FINISH = (
    _UNCLAIMED.where(_THIS, inbox.c.state == InboxState.CLAIMED)
    .where(_BY_OWNER)
    .values(state=InboxState.DONE, outcome=_bind("outcome"), reason=_bind("reason"), done_at=_bind("now"))
    .values(mail=_bind("mail"), ticket=_bind("ticket"))
)
_RELEASE = _UNCLAIMED.where(_THIS, inbox.c.state == InboxState.CLAIMED, _BY_OWNER).values(
    state=InboxState.NEW, not_before=_bind("not_before"), attempts=inbox.c.attempts - _bind("forget")
)
_ABANDON = _UNCLAIMED.where(WAITING, inbox.c.state == InboxState.CLAIMED).values(state=InboxState.NEW)
_ABANDON_OWN = _ABANDON.where(inbox.c.lease_owner == _bind("owner"))
_SET_ASIDE = _UNCLAIMED.where(_THIS, inbox.c.state.in_([InboxState.NEW, InboxState.CLAIMED, InboxState.QUARANTINED]), _BY_OWNER).values(
    state=_bind("state"), reason=_bind("reason"), done_at=_bind("now")
)
_RETRY = inbox.update().where(_THIS, ASIDE).values(state=InboxState.NEW, attempts=0, reason="", done_at=None, not_before=None)
_REOPEN = (
    inbox.update()
    .where(_THIS, DONE)
    .values(state=InboxState.NEW, attempts=0, outcome=None, reason="", done_at=None, not_before=None)
)
_EXPLAIN = inbox.update().where(_THIS, DONE).values(reason=_bind("reason"))
_GET = sa.select(inbox).where(_THIS)
_EARLIER = (
    sa.select(inbox.c.id)
    .where(WAITING, inbox.c.message_id.in_(sa.bindparam("in_message_ids", expanding=True)), inbox.c.id < _bind("before"))
    .limit(1)
)
_OTHERS_AT_WORK = (
    sa.select(sa.literal(1))
    .where(WAITING, inbox.c.state == InboxState.CLAIMED, inbox.c.lease_until > _bind("now"))
    .where(sa.not_(inbox.c.lease_owner.startswith(_bind("process", sa.Text()), autoescape=False)))
    .limit(1)
)
_NEWEST = sa.select(inbox).order_by(inbox.c.id.desc()).limit(_bind("limit"))
_OF_STATE = {
    InboxState.NEW: _NEWEST.where(WAITING, inbox.c.state == InboxState.NEW),
    InboxState.CLAIMED: _NEWEST.where(WAITING, inbox.c.state == InboxState.CLAIMED),
    InboxState.QUARANTINED: _NEWEST.where(ASIDE, inbox.c.state == InboxState.QUARANTINED),
    InboxState.DROPPED: _NEWEST.where(ASIDE, inbox.c.state == InboxState.DROPPED),
    InboxState.DONE: sa.select(inbox).where(DONE).order_by(inbox.c.done_at.desc(), inbox.c.id.desc()).limit(_bind("limit")),
}
# Never claimed, so set aside when it was fetched.
_UNFETCHED = (
    sa.select(inbox)
    .where(
        ASIDE, inbox.c.state == InboxState.QUARANTINED, inbox.c.attempts == 0, inbox.c.source == Source.IMAP, inbox.c.id > _bind("after")
    )
    .order_by(inbox.c.id)
    .limit(_bind("limit"))
)
_KEPT = (
    sa.select(mails.c.id, mails.c.sender, mails.c.subject, inbox.c.reason)
    .select_from(inbox.join(mails, mails.c.id == inbox.c.mail))
    .where(KEPT, inbox.c.done_at >= _bind("since"), inbox.c.done_at < _bind("until"))
    .where(mails.c.ticket.is_(None), sa.not_(mails.c.internal))
    .order_by(inbox.c.done_at, inbox.c.id)
)
_IGNORED = (
    sa.select(mails.c.id, mails.c.sender, mails.c.subject, inbox.c.reason)
    .select_from(inbox.join(mails, mails.c.id == inbox.c.mail))
    .where(DONE, inbox.c.done_at >= _bind("since"), inbox.c.done_at < _bind("until"), inbox.c.outcome == InboxOutcome.IGNORED)
    .where(mails.c.ticket.is_(None), sa.not_(mails.c.internal))
    .order_by(inbox.c.done_at, inbox.c.id)
)
_COUNT_WAITING, _COUNT_ASIDE, _COUNT_DONE = (
    sa.select(inbox.c.state, sa.func.count()).where(where).group_by(inbox.c.state) for where in (WAITING, ASIDE, DONE)
)
_OLDEST = sa.select(inbox.c.received_at).where(WAITING).order_by(inbox.c.id).limit(1)


class InboxTable:
    def __init__(self, sql: Sql, blobs: Blobs) -> None:
        self._sql = sql
        self._blobs = blobs

    def add_many(self, items: Sequence[tuple[bytes, Envelope]]) -> list[int]:
        """The mails wait, with their contents; their ids in the order given.

        A mail from IMAP that is there already (same account, folder, UIDVALIDITY and UID) keeps its row, whatever came of it.
        """
        names = self._blobs.put_many([raw for raw, _ in items])
        rows = [new_row(raw, envelope, name) for (raw, envelope), name in zip(items, names, strict=True)]
        plain = [row for row in rows if row["uid"] is None]
        ids = iter([found.id for found in self._sql.rows(_ADD, plain)] if plain else ())
        fetched = self._add_fetched([row for row in rows if row["uid"] is not None])
        return [next(ids) if row["uid"] is None else fetched[_place(row), row["uid"]] for row in rows]

    def _add_fetched(self, rows: Sequence[Values]) -> dict[tuple[tuple[str, str, int], int], int]:
        """(folder, UID) -> id of mails from IMAP, old rows and new ones."""
        self._sql.change(_ADD_FETCHED, rows)
        ids = {}
        for place in dict.fromkeys(_place(row) for row in rows):
            account, folder, uidvalidity = place
            uids = [row["uid"] for row in rows if _place(row) == place]
            values = {"in_account": account, "in_folder": folder, "in_uidvalidity": uidvalidity, "in_uids": uids}
            ids.update({(place, found.uid): found.id for found in self._sql.rows(_FETCHED, values)})
        return ids

    def claim(self, owner: str, limit: int, lease: timedelta, now: datetime) -> list[ClaimedMail]:
        """The oldest mails nobody works on belong to `owner` until the lease ends; this try is counted.

        Each source and account gets its share of the portion: a mail does not wait for the backlog of another mailbox.  A mail that was
        tried before comes alone, so that one that kills the process takes no neighbours with it.
        """
        free = self._free(limit, now)
        rows = list(_healthy(free)) or free[:1]
        if rows:
            self._sql.change(_CLAIM, {"in_ids": [row.id for row in rows], "in_owner": owner, "in_until": now + lease})
        return [waiting(row) for row in rows]

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
        owner: str | None = None,
    ) -> bool:
        """The mail is done.  False: it was not ours any more (the lease ended and somebody else finished it); undo everything then.

        With `owner`, only a claim of this owner counts.
        """
        became = {"in_outcome": InboxOutcome(outcome), "in_reason": reason, "in_mail": mail, "in_ticket": ticket, "in_now": now}
        return self._sql.change(_FINISH, {"in_id": id, "in_owner": owner, **became}) == 1

    def release(self, id: int, not_before: datetime, *, forget_attempt: bool, owner: str | None = None) -> bool:
        """The mail waits again, until `not_before` at least.  `forget_attempt`: the try was not the mail's fault and does not count.

        With `owner`, only a claim of this owner ends.
        """
        values = {"in_id": id, "in_not_before": not_before, "in_forget": int(forget_attempt), "in_owner": owner}
        return self._sql.change(_RELEASE, values) == 1

    def abandon(self, owner: str | None = None) -> int:
        """Claims of a process that is no more (None: of all, where only one process may run) end now; their attempts stay counted."""
        return self._sql.change(_ABANDON_OWN, {"in_owner": owner}) if owner else self._sql.change(_ABANDON)

    def quarantine(self, id: int, reason: str, now: datetime, *, owner: str | None = None) -> bool:
        """The mail is kept whole and aside, for a person to look at.  With `owner`, only where this owner has it claimed."""
        return self._set_aside(id, InboxState.QUARANTINED, reason, now, owner)

    def drop(self, id: int, reason: str, now: datetime | None = None) -> bool:
        """Nothing becomes of the mail; the row stays and says why."""
        return self._set_aside(id, InboxState.DROPPED, reason, now)

    def _set_aside(self, id: int, state: InboxState, reason: str, now: datetime | None, owner: str | None = None) -> bool:
        values = {"in_id": id, "in_state": state, "in_reason": reason, "in_now": now, "in_owner": owner}
        return self._sql.change(_SET_ASIDE, values) == 1

    def retry(self, id: int) -> bool:
        """A quarantined or dropped mail waits again as if it were new."""
        return self._sql.change(_RETRY, {"in_id": id}) == 1

    def reopen(self, id: int) -> bool:
        """A mail that is done waits again, because somebody agreed to what it asks for."""
        return self._sql.change(_REOPEN, {"in_id": id}) == 1

    def explain(self, id: int, reason: str) -> None:
        """Why a mail that is done is done with."""
        self._sql.change(_EXPLAIN, {"in_id": id, "in_reason": reason})

    def get(self, id: int) -> InboxRow | None:
        row = self._sql.row(_GET, {"in_id": id})
        return inbox_row(row) if row else None

    def quarantined(self, limit: int = 100) -> list[InboxRow]:
        """What waits for a person, newest first."""
        return self.list(limit, InboxState.QUARANTINED)

    def unfetched(self, after: int, limit: int) -> list[InboxRow]:
        """Mails with a greater id that an IMAP server did not give, oldest first."""
        return [inbox_row(row) for row in self._sql.rows(_UNFETCHED, {"in_after": after, "in_limit": limit})]

    def kept(self, since: datetime, until: datetime) -> Sequence[KeptMail]:
        """Mails of people and robots outside that were kept on no ticket in this time and still are on none, oldest first; then those
        that a rule dropped."""
        values = {"in_since": since, "in_until": until}
        rows = [row for statement in (_KEPT, _IGNORED) for row in self._sql.rows(statement, values)]
        return [KeptMail(mail=row.id, sender=row.sender, subject=row.subject, reason=row.reason) for row in rows]

    def list(self, limit: int = 100, state: str | None = None) -> list[InboxRow]:
        """Mails of one state, or of all, newest first."""
        statement = _OF_STATE[InboxState(state)] if state else _NEWEST
        return [inbox_row(row) for row in self._sql.rows(statement, {"in_limit": limit})]

    def earlier_waiting(self, message_ids: Iterable[str], before_id: int) -> bool:
        """Whether a mail with one of these Message-IDs came before this one and is not worked off yet."""
        values = {"in_message_ids": list(message_ids), "in_before": before_id}
        return bool(values["in_message_ids"]) and self._sql.row(_EARLIER, values) is not None

    def counts(self, *, done: bool = True) -> dict[str, int]:
        """How many mails are in each state.  `done` False: without those done, which takes a look at as many rows as there are left."""
        statements = (_COUNT_WAITING, _COUNT_ASIDE, *((_COUNT_DONE,) if done else ()))
        found = {row[0]: row[1] for statement in statements for row in self._sql.rows(statement)}
        return {state.value: found.get(state.value, 0) for state in InboxState if done or state is not InboxState.DONE}

    def others_at_work(self, process: str, now: datetime) -> bool:
        """Whether another process than `process` (what its owners' names begin with) has mails claimed at this moment."""
        return self._sql.row(_OTHERS_AT_WORK, {"in_process": process, "in_now": now}) is not None

    def oldest_waiting(self) -> datetime | None:
        """When the mail came that waits longest."""
        moment: datetime | None = self._sql.value(_OLDEST)
        return moment


def _place(row: Values) -> tuple[str, str, int]:
    return row["account"], row["folder"], row["uidvalidity"]


def _healthy(rows: Iterable[Row]) -> Iterable[Row]:
    """The rows before the first one that was tried already."""
    for row in rows:
        if row.attempts:
            return
        yield row
