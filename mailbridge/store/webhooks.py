"""Calls that rules asked for, one row an address.  What each state means for a call whose caller died:

    queued, deferred   nothing was said to anybody in this try: call
    calling            nobody knows: call again once the lease is over, with the same key, by which the other side knows a copy
    done, failed       nothing more to do
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from mailbridge.notifications.webhook_model import Call, CallState, QueuedCall
from mailbridge.store import dialects
from mailbridge.store.schema import GIVEN_UP, OWED, webhooks
from mailbridge.store.sql import Row, Sql, Values


def _bind(name: str) -> sa.BindParameter[Any]:
    return sa.bindparam(f"in_{name}")  # a plain name would be taken for the column to set


_THIS = webhooks.c.id == _bind("id")
_OURS = webhooks.update().where(_THIS, webhooks.c.state == CallState.CALLING, webhooks.c.lease_owner == _bind("owner"))
_SAID = {"lease_owner": None, "status": _bind("status"), "answer": _bind("answer")}

_ADD = dialects.insert_new(webhooks)
_FREE = (
    sa.select(webhooks)
    .where(OWED, webhooks.c.next_at <= _bind("now"))
    .order_by(webhooks.c.next_at, webhooks.c.id)
    .limit(_bind("limit"))
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    webhooks.update()
    .where(webhooks.c.id.in_(sa.bindparam("in_ids", expanding=True)))
    .values(state=CallState.CALLING, attempts=webhooks.c.attempts + 1, lease_owner=_bind("owner"), next_at=_bind("until"))
)
_DONE = _OURS.values(state=CallState.DONE, done_at=_bind("now"), **_SAID)
_DEFER = _OURS.values(state=CallState.DEFERRED, next_at=_bind("next_at"), **_SAID)
_FAIL = _OURS.values(state=CallState.FAILED, done_at=_bind("now"), **_SAID)
_RESEND = (
    webhooks.update()
    .where(_THIS, webhooks.c.state.in_((CallState.DONE, CallState.FAILED, CallState.DEFERRED)))
    .values(state=CallState.QUEUED, attempts=0, next_at=_bind("now"), created_at=_bind("now"), done_at=None)
)
_RELEASE = (
    webhooks.update()
    .where(OWED, webhooks.c.state == CallState.CALLING)
    .values(state=CallState.QUEUED, next_at=webhooks.c.created_at, lease_owner=None)
)
_WAITS = sa.select(sa.literal(1)).where(OWED, webhooks.c.next_at <= _bind("now")).limit(1)
_GET = sa.select(webhooks).where(_THIS)
_NEWEST = sa.select(webhooks).order_by(webhooks.c.id.desc()).limit(_bind("limit"))
_OF_TICKET = sa.select(webhooks).where(webhooks.c.ticket == _bind("ticket")).order_by(webhooks.c.id)
_OF_STATE = {
    **{state: _NEWEST.where(OWED, webhooks.c.state == state) for state in (CallState.QUEUED, CallState.CALLING, CallState.DEFERRED)},
    CallState.FAILED: _NEWEST.where(GIVEN_UP),
    CallState.DONE: _NEWEST.where(webhooks.c.state == CallState.DONE),
}
_COUNTS = tuple(sa.select(webhooks.c.state, sa.func.count()).where(where).group_by(webhooks.c.state) for where in (OWED, GIVEN_UP))


class WebhookTable:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add_many(self, calls: Sequence[Call], now: datetime) -> int:
        """The calls are promised; how many are new.  One whose key is known was promised before and stays as it is."""
        return self._sql.change(_ADD, [_columns(call, now) for call in calls])

    def waits(self, now: datetime) -> bool:
        """Whether there is one to claim.  Asked in a transaction that only reads, so that an idle desk writes nothing."""
        return self._sql.value(_WAITS, {"in_now": now}) is not None

    def claim(self, owner: str, limit: int, lease: timedelta, now: datetime) -> list[QueuedCall]:
        """Calls whose time has come belong to `owner` until the lease ends; this try is counted.  Commit before calling."""
        rows = self._sql.rows(_FREE, {"in_now": now, "in_limit": limit})
        if rows:
            self._sql.change(_CLAIM, {"in_ids": [row.id for row in rows], "in_owner": owner, "in_until": now + lease})
        return [_queued(row, state=CallState.CALLING, attempts=row.attempts + 1) for row in rows]

    def done(self, id: int, owner: str, now: datetime, *, status: int | None, answer: str) -> bool:
        """The other side has it."""
        return self._sql.change(_DONE, {"in_id": id, "in_owner": owner, "in_now": now, "in_status": status, "in_answer": answer}) == 1

    def defer(self, id: int, owner: str, next_at: datetime, *, status: int | None, answer: str) -> bool:
        """It is tried again at `next_at`."""
        values = {"in_id": id, "in_owner": owner, "in_next_at": next_at, "in_status": status, "in_answer": answer}
        return self._sql.change(_DEFER, values) == 1

    def fail(self, id: int, owner: str, now: datetime, *, status: int | None, answer: str) -> bool:
        """It is given up, for the reason in `answer`."""
        return self._sql.change(_FAIL, {"in_id": id, "in_owner": owner, "in_now": now, "in_status": status, "in_answer": answer}) == 1

    def resend(self, id: int, now: datetime) -> bool:
        """It is called once more, now, and tried as long as a new one; a person asked for it."""
        return self._sql.change(_RESEND, {"in_id": id, "in_now": now}) == 1

    def release(self) -> int:
        """Whatever is claimed can be claimed at once: who had it is gone."""
        return self._sql.change(_RELEASE)

    def get(self, id: int) -> QueuedCall | None:
        row = self._sql.row(_GET, {"in_id": id})
        return _queued(row) if row else None

    def of_ticket(self, ticket: int) -> list[QueuedCall]:
        return [_queued(row) for row in self._sql.rows(_OF_TICKET, {"in_ticket": ticket})]

    def list(self, state: str | None = None, limit: int = 100) -> list[QueuedCall]:
        """Calls of one state, or of all, newest first."""
        statement = _OF_STATE[CallState(state)] if state else _NEWEST
        return [_queued(row) for row in self._sql.rows(statement, {"in_limit": limit})]

    def counts(self) -> dict[str, int]:
        """How many calls are owed or were given up, by state; those that are done are not counted, they only grow."""
        found = {row[0]: row[1] for statement in _COUNTS for row in self._sql.rows(statement)}
        return {state.value: found.get(state.value, 0) for state in CallState if state is not CallState.DONE}


def _columns(call: Call, now: datetime) -> Values:
    return {
        "key": call.key,
        "ticket": call.ticket,
        "rule": call.rule,
        "event": call.event,
        "url": call.url,
        "body": call.body,
        "state": CallState.QUEUED,
        "attempts": 0,
        "next_at": now,
        "answer": "",
        "created_at": now,
    }


def _queued(row: Row, *, state: CallState | None = None, attempts: int | None = None) -> QueuedCall:
    return QueuedCall(
        id=row.id,
        call=Call(key=row.key, ticket=row.ticket, rule=row.rule, event=row.event, url=row.url, body=row.body),
        state=state or CallState(row.state),
        attempts=row.attempts if attempts is None else attempts,
        created_at=row.created_at,
        next_at=row.next_at,
        done_at=row.done_at,
        status=row.status,
        answer=row.answer,
    )
