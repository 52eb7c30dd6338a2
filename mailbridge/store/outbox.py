"""Promises to send, one row a recipient.  What each state means for a mail whose sender died:

    queued, deferred   nothing was delivered: send
    sending            the final dot was not sent: send again once the lease is over, no second copy is possible
    dot                committed just before the dot: nobody knows.  Ten minutes after the lease a letter goes out once more with the same
                       Message-ID and is marked as repeated; a reminder counts as sent; a letter that was repeated already is lost()
                       to us, and a person is told
    held               it waits for an admin's release (`next_at` is FOR_RELEASE) after a first connect, or after a restore (`error` begins
                       with KEPT_BACK); or until `next_at` to be told with others in one mail
    sent, failed, suppressed   nothing more to do

`next_at` is the moment at which somebody has to look at the row again, whatever its state; one index serves them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from mailbridge.notifications.model import Class, Notification, OutboxState, Queued
from mailbridge.store import dialects
from mailbridge.store.documents import dump, load
from mailbridge.store.restoring import KEPT_BACK
from mailbridge.store.schema import COUNTED, DOT, FOR_RELEASE, HELD, PENDING, SENT, UNDER_WAY, UNSENT, outbox
from mailbridge.store.sql import Row, Sql, Values

UNKNOWN_REST = timedelta(minutes=10)  # RFC 5321 4.5.3.2.6: a server may take ten minutes to answer the final dot
OUTCOME_UNKNOWN = "outcome unknown"


def _bind(name: str, type_: sa.types.TypeEngine[Any] | None = None) -> sa.BindParameter[Any]:
    return sa.bindparam(f"in_{name}", type_=type_)  # a plain name would be taken for the column to set


def _among(*states: OutboxState) -> sa.ColumnElement[bool]:
    return outbox.c.state.in_(states)


_THIS = outbox.c.id == _bind("id")
_CHANGE = outbox.update().where(_THIS)
_END = _CHANGE.values(lease_owner=None, lease_until=None)
_BY_OWNER = sa.or_(_bind("owner", sa.Text()).is_(None), outbox.c.lease_owner == _bind("owner"))
_UNDER_WAY = sa.and_(_among(OutboxState.SENDING, OutboxState.DOT), _BY_OWNER)

_ADD = dialects.insert_new(outbox)
# DOT is a literal: with a bound state neither database sees that the partial index holds every row wanted, and scans all that was sent.
_CLOSE_UNKNOWN = (
    outbox.update()
    .where(DOT, outbox.c.next_at <= _bind("now"))
    .where(outbox.c["class"] == Class.REMINDER)
    .values(state=OutboxState.SENT, sent_at=_bind("now"), error=OUTCOME_UNKNOWN, lease_owner=None, lease_until=None)
)
_LOST = (
    sa.select(outbox)
    .where(DOT, outbox.c.next_at <= _bind("now"), outbox.c.repeated)
    .where(outbox.c["class"] == Class.LETTER)
    .order_by(outbox.c.id + 0)  # sorted after the small index found them, not found by walking all rows in order
    .limit(_bind("limit"))
)
_FREE = (
    sa.select(outbox.c.id, outbox.c.domain)
    .where(PENDING, outbox.c.next_at <= _bind("now"))
    .where(sa.not_(sa.and_(outbox.c.state == OutboxState.DOT, outbox.c.repeated)))
    .order_by(outbox.c.next_at, outbox.c.id)
    .limit(_bind("limit"))
)
_FREE_OF_OTHERS = _FREE.where(outbox.c.domain.not_in(sa.bindparam("in_domains", expanding=True)))
_BUSY = (
    sa.select(outbox.c.domain)
    .where(UNDER_WAY, outbox.c.lease_until > _bind("now"), outbox.c.lease_owner != _bind("owner"))
    .distinct()
)
_TAKE = (
    sa.select(outbox)
    .where(PENDING, outbox.c.next_at <= _bind("now"), outbox.c.id.in_(sa.bindparam("in_ids", expanding=True)))
    .order_by(outbox.c.next_at, outbox.c.id)
    .limit(_bind("limit"))
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    outbox.update()
    .where(outbox.c.id.in_(sa.bindparam("in_ids", expanding=True)))
    .values(
        state=OutboxState.SENDING,
        attempts=outbox.c.attempts + 1,
        repeated=sa.or_(outbox.c.repeated, outbox.c.state == OutboxState.DOT),
        lease_owner=_bind("owner"),
        lease_until=_bind("until"),
        next_at=_bind("until"),
    )
)
_MARK_RENDERED = _CHANGE.values(rendered=_bind("rendered"))
_MARK_DOT = (
    _CHANGE.where(outbox.c.state == OutboxState.SENDING, outbox.c.lease_owner == _bind("owner"), outbox.c.lease_until > _bind("now"))
    .values(state=OutboxState.DOT, next_at=_bind("next_at"), lease_until=_bind("until"))
)
_LEASE = sa.select(outbox.c.lease_until).where(_THIS)
_SENT = _END.where(_UNDER_WAY).values(state=OutboxState.SENT, sent_at=_bind("now"), reply=_bind("reply"), error="")
_DEFER = _END.where(_UNDER_WAY).values(state=OutboxState.DEFERRED, next_at=_bind("next_at"), error=_bind("error"))
_FAIL = _END.where(PENDING, _BY_OWNER).values(state=OutboxState.FAILED, error=_bind("error"))
_SUPPRESS = _END.where(_among(OutboxState.QUEUED, OutboxState.DEFERRED, OutboxState.SENDING, OutboxState.HELD)).values(
    state=OutboxState.SUPPRESSED, error=_bind("error")
)
_KEEP_BACK = _END.where(_among(OutboxState.QUEUED, OutboxState.DEFERRED, OutboxState.SENDING)).values(
    state=OutboxState.HELD, next_at=FOR_RELEASE, error=_bind("error")
)
_RESEND = _END.where(_among(OutboxState.SENT, OutboxState.FAILED, OutboxState.SUPPRESSED, OutboxState.HELD)).values(
    state=OutboxState.QUEUED, attempts=0, next_at=_bind("now"), error="", repeated=False
)
_RELEASE_ALL = (
    outbox.update()
    .where(PENDING, outbox.c.state == OutboxState.SENDING)
    .values(state=OutboxState.QUEUED, attempts=outbox.c.attempts - 1, next_at=outbox.c.created_at, lease_owner=None, lease_until=None)
)
_RELEASE = _RELEASE_ALL.where(outbox.c.lease_owner == _bind("owner"))
_GET = sa.select(outbox).where(_THIS)
_BY_MESSAGE_ID = sa.select(outbox).where(outbox.c.message_id == _bind("message_id"))
_NEWEST = sa.select(outbox).order_by(outbox.c.id.desc()).limit(_bind("limit"))
_OF_TICKET = sa.select(outbox).where(outbox.c.ticket == _bind("ticket")).order_by(outbox.c.id)
# id + 0: taken from the small index and sorted, instead of going back through all that was ever sent until enough are found.
_PENDING = sa.select(outbox).where(PENDING).order_by((outbox.c.id + 0).desc()).limit(_bind("limit"))
_OF_STATE = {
    **{
        state: _PENDING.where(outbox.c.state == state)
        for state in (OutboxState.QUEUED, OutboxState.SENDING, OutboxState.DOT, OutboxState.DEFERRED)
    },
    **{state: _NEWEST.where(UNSENT, outbox.c.state == state) for state in (OutboxState.FAILED, OutboxState.SUPPRESSED)},
    OutboxState.SENT: _NEWEST.where(SENT),
    OutboxState.HELD: _NEWEST.where(HELD),
}
_COUNT_PENDING, _COUNT_HELD, _COUNT_SENT, _COUNT_UNSENT = (
    sa.select(outbox.c.state, sa.func.count()).where(where).group_by(outbox.c.state) for where in (PENDING, HELD, SENT, UNSENT)
)
_NEXT_DUE = sa.select(sa.func.min(outbox.c.next_at)).where(PENDING)
_COUNT = (
    sa.select(outbox.c.id)
    .where(outbox.c.recipient == _bind("recipient"), outbox.c.created_at >= _bind("since"), outbox.c.state != OutboxState.SUPPRESSED)
    .where(sa.or_(_bind("event", sa.Text()).is_(None), outbox.c.event == _bind("event")))
)
_COUNT_ANY = sa.select(sa.func.count()).select_from(_COUNT.limit(_bind("limit")).subquery())
_COUNT_AUTOMATIC = sa.select(sa.func.count()).select_from(_COUNT.where(outbox.c.automatic).limit(_bind("limit")).subquery())
_AUTOMATIC = sa.select(outbox.c.id).where(COUNTED, outbox.c.created_at >= _bind("since"))
_COUNT_ALL = sa.select(sa.func.count()).select_from(_AUTOMATIC.limit(_bind("limit")).subquery())
_TOLD = (
    sa.select(outbox.c.id)
    .where(outbox.c.recipient == _bind("recipient"), outbox.c.created_at >= _bind("since"))
    .where(outbox.c.event.in_(sa.bindparam("in_events", expanding=True)))
)
_COUNT_TOLD = sa.select(sa.func.count()).select_from(_TOLD.limit(_bind("limit")).subquery())
_HELD_DUE = sa.select(outbox.c.recipient).where(HELD, outbox.c.next_at <= _bind("now"))
_HELD_OF = (
    sa.select(outbox)
    .where(HELD, outbox.c.next_at < FOR_RELEASE, outbox.c.recipient.in_(sa.bindparam("in_recipients", expanding=True)))
    .order_by(outbox.c.id + 0)  # sorted after the small index found them
)
_FOR_RELEASE = sa.select(outbox).where(HELD, outbox.c.next_at == FOR_RELEASE).order_by(outbox.c.id + 0).limit(_bind("limit"))
_OF_RESTORE = outbox.c.error.startswith(KEPT_BACK)
_KEPT_BACK, _OF_FIRST_CONNECT = _FOR_RELEASE.where(_OF_RESTORE), _FOR_RELEASE.where(sa.not_(_OF_RESTORE))
_WAITS = (
    sa.select(outbox.c.id)
    .where(outbox.c.ticket == _bind("ticket"), outbox.c.state == OutboxState.HELD, outbox.c.next_at == FOR_RELEASE, sa.not_(_OF_RESTORE))
    .limit(1)
)
_LET_GO = _CHANGE.where(HELD).values(state=OutboxState.QUEUED, next_at=_bind("now"), error="")
_GATHER = _CHANGE.where(HELD).values(next_at=_bind("now"))
_LOOKED_AT = 100  # mails of which the next portion is chosen, before the whole queue is looked through
ENOUGH = 10_000  # no cap is higher, so nothing needs to be counted further


class Outbox:
    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add_many(self, notifications: Sequence[Notification], now: datetime, *, not_before: datetime | None = None) -> int:
        """The promises are made; how many are new.  One whose key is known was made before and stays as it is.

        `not_before`: they are not sent before then.
        """
        return self._sql.change(_ADD, [_columns(notification, now, not_before or now) for notification in notifications])

    def hold(self, notification: Notification, now: datetime, until: datetime) -> None:
        """The promise is made and held: for an admin where `until` is FOR_RELEASE, else to be told with others at that moment."""
        self._sql.change(_ADD, [{**_columns(notification, now, until), "state": OutboxState.HELD}])

    def told_since(self, recipient: str, since: datetime, events: Sequence[str], limit: int) -> int:
        """How many mails of these events the recipient was promised since then, also those that were told in one; at most `limit`."""
        values = {"in_recipient": recipient.lower(), "in_since": since, "in_events": list(events), "in_limit": limit}
        return int(self._sql.value(_COUNT_TOLD, values))

    def to_bundle(self, now: datetime) -> list[Queued]:
        """All that is held to be told with others, of everybody for whom the time has come, in order."""
        recipients = sorted({row[0] for row in self._sql.rows(_HELD_DUE, {"in_now": now})})
        return [_queued(row) for row in self._sql.rows(_HELD_OF, {"in_recipients": recipients})] if recipients else []

    def of_first_connect(self, limit: int = ENOUGH) -> list[Queued]:
        """What waits for an admin's release because a first connect brought what it is about, in order."""
        return [_queued(row) for row in self._sql.rows(_OF_FIRST_CONNECT, {"in_limit": limit})]

    def kept_back(self, limit: int = ENOUGH) -> Sequence[Queued]:
        """What waits for an admin's release because it may have been sent after the backup that was restored, in order."""
        return [_queued(row) for row in self._sql.rows(_KEPT_BACK, {"in_limit": limit})]

    def waits_for_release(self, ticket: int) -> bool:
        """Whether mails about the ticket wait for an admin's release after a first connect."""
        return self._sql.row(_WAITS, {"in_ticket": ticket}) is not None

    def let_go(self, id: int, now: datetime) -> bool:
        """What was held goes out now."""
        return self._sql.change(_LET_GO, {"in_id": id, "in_now": now}) == 1

    def gather(self, id: int, now: datetime) -> bool:
        """What waited for an admin is told with others from now on."""
        return self._sql.change(_GATHER, {"in_id": id, "in_now": now}) == 1

    def claim(self, owner: str, limit: int, lease: timedelta, now: datetime) -> list[Queued]:
        """Promises whose time has come belong to `owner` until the lease ends; this try is counted.  Commit before sending.

        Unknown outcomes are settled on the way, see the top of this module.
        """
        self._sql.change(_CLOSE_UNKNOWN, {"in_now": now})
        free = self._free(owner, limit, now)
        rows = self._sql.rows(_TAKE, {"in_ids": free, "in_now": now, "in_limit": limit}) if free else ()
        if rows:
            self._sql.change(_CLAIM, {"in_ids": [row.id for row in rows], "in_owner": owner, "in_until": now + lease})
        return [_claimed(row) for row in rows]

    def _free(self, owner: str, limit: int, now: datetime) -> list[int]:
        """Ids of mails whose time has come, oldest first.  A domain that another owner delivers to at this moment is left to that owner
        as long as mail for other domains waits: a server that takes a minute a mail holds one worker then, and not all of them."""
        values = {"in_now": now, "in_limit": max(limit, _LOOKED_AT)}
        free = self._sql.rows(_FREE, values)
        busy = {row.domain for row in self._sql.rows(_BUSY, {"in_now": now, "in_owner": owner})} if free else set()
        others = [row.id for row in free if row.domain not in busy]
        if busy and not others and len(free) == values["in_limit"]:
            others = [row.id for row in self._sql.rows(_FREE_OF_OTHERS, {**values, "in_domains": sorted(busy)})]
        return others or [row.id for row in free]

    def lost(self, now: datetime, limit: int = 100) -> list[Queued]:
        """Letters that came to the dot twice and nobody knows of either: they may have arrived or not.  Fail them and tell a person."""
        return [_queued(row) for row in self._sql.rows(_LOST, {"in_now": now, "in_limit": limit})]

    def mark_rendered(self, id: int, rendered: bytes) -> None:
        """The mail is worded, and stays so for all tries."""
        self._sql.change(_MARK_RENDERED, {"in_id": id, "in_rendered": rendered})

    def mark_dot(self, id: int, owner: str, now: datetime, *, lease: timedelta | None = None) -> bool:
        """Commit this, then send the final dot.  False: the claim is not ours any more, do not send it.

        `lease` gives a new one from now on, for a server that takes its time; without it the claim's stays.
        """
        until = now + lease if lease else self._sql.value(_LEASE, {"in_id": id})
        if until is None:
            return False
        values = {"in_id": id, "in_owner": owner, "in_now": now, "in_until": until, "in_next_at": until + UNKNOWN_REST}
        return self._sql.change(_MARK_DOT, values) == 1

    # With `owner` the next three count for a claim of this owner alone: one whose lease ended knows nothing of what the next one
    # is sending now, and a reminder that they put back into the queue would go out twice.

    def sent(self, id: int, now: datetime, reply: str = "", *, owner: str | None = None) -> bool:
        """The server took it; `reply` is what it said."""
        return self._sql.change(_SENT, {"in_id": id, "in_now": now, "in_reply": reply, "in_owner": owner}) == 1

    def defer(self, id: int, next_at: datetime, error: str, *, owner: str | None = None) -> bool:
        """The server did not take it now, for sure; it is tried again at `next_at`."""
        return self._sql.change(_DEFER, {"in_id": id, "in_next_at": next_at, "in_error": error, "in_owner": owner}) == 1

    def fail(self, id: int, error: str, now: datetime, *, owner: str | None = None) -> bool:
        """It will never be delivered.  True for one caller only: tell the agent."""
        return self._sql.change(_FAIL, {"in_id": id, "in_error": error, "in_owner": owner}) == 1

    def suppress(self, id: int, reason: str, now: datetime) -> bool:
        """It was decided not to send it."""
        return self._sql.change(_SUPPRESS, {"in_id": id, "in_error": reason}) == 1

    def keep_back(self, id: int, reason: str) -> bool:
        """It waits for an admin's release from now on; `reason` says why, see `restoring`."""
        return self._sql.change(_KEEP_BACK, {"in_id": id, "in_error": reason}) == 1

    def release(self, owner: str | None = None) -> int:
        """What `owner` (None: anybody) claimed and did not get to the dot can be claimed at once; those tries do not count."""
        return self._sql.change(_RELEASE, {"in_owner": owner}) if owner else self._sql.change(_RELEASE_ALL)

    def resend(self, id: int, now: datetime) -> bool:
        """A mail that is done with goes out again, same Message-ID, and one that is held goes out now; a person asked for it."""
        return self._sql.change(_RESEND, {"in_id": id, "in_now": now}) == 1

    def get(self, id: int) -> Queued | None:
        row = self._sql.row(_GET, {"in_id": id})
        return _queued(row) if row else None

    def by_message_id(self, message_id: str) -> Queued | None:
        row = self._sql.row(_BY_MESSAGE_ID, {"in_message_id": message_id}) if message_id else None
        return _queued(row) if row else None

    def of_ticket(self, ticket: int) -> list[Queued]:
        return [_queued(row) for row in self._sql.rows(_OF_TICKET, {"in_ticket": ticket})]

    def list(self, state: str | None = None, limit: int = 100) -> list[Queued]:
        """Promises of one state, or of all, newest first."""
        statement = _OF_STATE[OutboxState(state)] if state else _NEWEST
        return [_queued(row) for row in self._sql.rows(statement, {"in_limit": limit})]

    def counts(self, *, sent: bool = True) -> dict[str, int]:
        """How many promises are in each state.  `sent` False: without those sent, which takes a look at as many rows as there are left."""
        statements = (_COUNT_PENDING, _COUNT_HELD, _COUNT_UNSENT, *((_COUNT_SENT,) if sent else ()))
        found = {row[0]: row[1] for statement in statements for row in self._sql.rows(statement)}
        return {state.value: found.get(state.value, 0) for state in OutboxState if sent or state is not OutboxState.SENT}

    def next_due(self) -> datetime | None:
        """When there is something to look at again."""
        moment: datetime | None = self._sql.value(_NEXT_DUE)
        return moment

    def count_since(
        self, recipient: str, since: datetime, automatic_only: bool = True, *, event: str | None = None, limit: int = ENOUGH
    ) -> int:
        """How many mails (of one event) the recipient was promised since then, suppressed ones left out; at most `limit`."""
        statement = _COUNT_AUTOMATIC if automatic_only else _COUNT_ANY
        values = {"in_recipient": recipient.lower(), "in_since": since, "in_event": event, "in_limit": limit}
        return int(self._sql.value(statement, values))

    def count_all_since(self, since: datetime, *, limit: int = ENOUGH) -> int:
        """How many automatic mails customers were promised since then, suppressed ones left out; at most `limit`."""
        return int(self._sql.value(_COUNT_ALL, {"in_since": since, "in_limit": limit}))


def _columns(notification: Notification, now: datetime, next_at: datetime) -> Values:
    return {
        "key": notification.key,
        "ticket": notification.ticket,
        "mail": notification.mail,
        "audience": notification.audience,
        "event": notification.event,
        "recipient": notification.recipient.lower(),
        "domain": notification.recipient.lower().rpartition("@")[2],
        "name": notification.name,
        "language": notification.language,
        "class": notification.class_,
        "automatic": notification.automatic,
        "message_id": notification.message_id or None,
        "payload": dump(notification),
        "state": OutboxState.QUEUED,
        "attempts": 0,
        "next_at": next_at,
        "error": "",
        "reply": "",
        "created_at": now,
        "repeated": False,
    }


def _claimed(row: Row) -> Queued:
    return _queued(row, state=OutboxState.SENDING, attempts=row.attempts + 1, repeated=row.repeated or row.state == OutboxState.DOT)


def _queued(row: Row, *, state: OutboxState | None = None, attempts: int | None = None, repeated: bool | None = None) -> Queued:
    return Queued(
        id=row.id,
        notification=load(row.payload, Notification),
        state=state or OutboxState(row.state),
        attempts=row.attempts if attempts is None else attempts,
        created_at=row.created_at,
        rendered=None if row.rendered is None else bytes(row.rendered),
        repeated=row.repeated if repeated is None else repeated,
        error=row.error,
        reply=row.reply,
        next_at=row.next_at,
        sent_at=row.sent_at,
    )
