"""Calls that rules asked for, one row an address.  What each state means for a call whose worker died:

queued, deferred   no server was called in this attempt: call
calling            unknown: call again when the lease ended, with the same key, by which the server knows a copy
done, failed       nothing more to do
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from mailbridge.notifications.webhook_model import Call, CallState, QueuedCall
from mailbridge.store import dialects
from mailbridge.store.queue import LeaseQueue, QueueStatements, QueueTable, bind
from mailbridge.store.sql import Row, Values
from mailbridge.store.tables.outgoing import GIVEN_UP, OWED, webhooks

_QUEUE = QueueTable(
    table=webhooks,
    open=OWED,
    ready=CallState.QUEUED,
    leased=(CallState.CALLING,),
    waits=(webhooks.c.next_at,),
    due=webhooks.c.next_at,
    lease_ends=(webhooks.c.next_at,),
    created=webhooks.c.created_at,
    by_id=webhooks.c.id + 0,
    order=(webhooks.c.next_at, webhooks.c.id),
    counted=(OWED, GIVEN_UP),
    finished=CallState.DONE,
    finished_where=None,
    requeued=(CallState.DONE, CallState.FAILED, CallState.DEFERRED),
    on_release={"next_at": webhooks.c.created_at},
    on_requeue={"created_at": bind("now"), "done_at": None},
    given_up=timedelta(days=2),
)
_RESPONSE = {"status": bind("status"), "answer": bind("answer")}
_ADD = dialects.insert_new(webhooks)
_DONE = _QUEUE.end(state=CallState.DONE, done_at=bind("now"), **_RESPONSE)
_DEFER = _QUEUE.end(state=CallState.DEFERRED, next_at=bind("next_at"), **_RESPONSE)
_FAIL = _QUEUE.end(state=CallState.FAILED, done_at=bind("now"), **_RESPONSE)
_DISCARD = _QUEUE.end_where(
    webhooks.c.state.in_((CallState.QUEUED, CallState.DEFERRED)),
    **{"state": CallState.FAILED, "done_at": bind("now"), "answer": bind("answer")},
)
_OF_TICKET = sa.select(webhooks).where(webhooks.c.ticket == bind("ticket")).order_by(webhooks.c.id)
_STATEMENTS = QueueStatements(
    _QUEUE,
    {
        **{state: _QUEUE.newest_open(state) for state in (CallState.QUEUED, CallState.CALLING, CallState.DEFERRED)},
        CallState.FAILED: _QUEUE.newest(GIVEN_UP),
        CallState.DONE: _QUEUE.newest(webhooks.c.state == CallState.DONE),
    },
)


@cache
def _free_at(servers: int, *, without: bool) -> sa.Select[Any]:
    """Free calls at one of so many servers, or at none of them."""
    at = [webhooks.c.url.startswith(bind(f"server_{number}", sa.Text())) for number in range(servers)]
    found = _QUEUE.free(webhooks)
    return found.where(sa.not_(sa.or_(*at)) if without else sa.or_(*at)) if at else found


@cache
def _claimable_at(servers: int, *, without: bool) -> sa.Select[Any]:
    """The same, without those that another process claims at this moment."""
    return _free_at(servers, without=without).with_for_update(skip_locked=True)


def server_of(url: str) -> str:
    """The begin of a URL up to its path: scheme, host and port.  What is no URL, but names where one is, stands for itself."""
    found = urlsplit(url)
    return f"{found.scheme}://{found.netloc}" if found.netloc else url


class WebhookTable(LeaseQueue[QueuedCall, QueuedCall]):
    """The calls.  `done`, `defer` and `fail` raise LeaseLost where `owner` has not the lease of the call."""

    _statements, _states = _STATEMENTS, CallState

    def add_many(self, calls: Sequence[Call], now: datetime) -> int:
        """The calls wait; how many are new.  One whose key is known is there already and stays as it is."""
        return self._sql.change(_ADD, [_columns(call, now) for call in calls])

    def is_due_without(self, servers: Sequence[str], now: datetime) -> bool:
        """Whether there may be a call to claim at another server than these."""
        return bool(self._sql.rows(_free_at(len(servers), without=True), {**_servers(servers), "in_now": now, "in_limit": 1}))

    def claim_of_server(self, owner: str, limit: int, lease: timedelta, now: datetime, without: Sequence[str]) -> list[QueuedCall]:
        """As `claim`: calls of the one server whose call has waited longest, none of the servers `without`."""
        first = self._sql.rows(_claimable_at(len(without), without=True), {**_servers(without), "in_now": now, "in_limit": 1})
        if not first:
            return []
        server = server_of(first[0].url)
        rows = self._sql.rows(_claimable_at(1, without=False), {**_servers([server]), "in_now": now, "in_limit": limit})
        return self._hold([row for row in rows if server_of(row.url) == server], owner, now + lease)

    def done(self, id: int, owner: str, now: datetime, *, status: int | None, answer: str) -> None:
        """The server has it."""
        self._as_owner(_DONE, id, owner, {"in_now": now, "in_status": status, "in_answer": answer})

    def defer(self, id: int, owner: str, next_at: datetime, *, status: int | None, answer: str) -> None:
        """It is tried again at `next_at`."""
        self._as_owner(_DEFER, id, owner, {"in_next_at": next_at, "in_status": status, "in_answer": answer})

    def fail(self, id: int, owner: str, now: datetime, *, status: int | None, answer: str) -> None:
        """It is given up, for the reason in `answer`."""
        self._as_owner(_FAIL, id, owner, {"in_now": now, "in_status": status, "in_answer": answer})

    def discard(self, id: int, reason: str, now: datetime) -> bool:
        """A call that waits is not made, because a person decided so."""
        return self._as_owner(_DISCARD, id, None, {"in_now": now, "in_answer": reason})

    def of_ticket(self, ticket: int) -> list[QueuedCall]:
        return self._items(_OF_TICKET, {"in_ticket": ticket})

    def _item(self, row: Row) -> QueuedCall:
        return _queued(row)

    def _claimed(self, row: Row) -> QueuedCall:
        return _queued(row, state=CallState.CALLING, attempts=row.attempts + 1)


def _servers(names: Sequence[str]) -> Values:
    return {f"in_server_{number}": name for number, name in enumerate(names)}


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
