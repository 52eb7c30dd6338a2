"""Notifications to send, one row a recipient.  What each state means for a mail whose worker died:

    queued, deferred   nothing was delivered: send
    sending            the final dot was not sent: send again once the lease is over, no second copy is possible
    dot                committed just before the dot: unknown.  Ten minutes after the lease a mail is sent once more with the same
                       Message-ID and is marked as repeated; a reminder counts as sent; a mail that was repeated already is lost(),
                       and a person is notified
    held               it waits for an admin's release (`next_at` is FOR_RELEASE) after a first connect, or after a restore (`error` begins
                       with KEPT_BACK); for the end of shadow mode, when it is suppressed (`error` is SHADOWED); or until `next_at`, to be
                       bundled with others into one mail (`error` begins with COLLECTED where notifications.yaml says so)
    sent, failed, suppressed   nothing more to do

`next_at` is the moment at which a worker has to look at the row again, whatever its state; one index serves them all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from secrets import token_bytes

import sqlalchemy as sa

from mailbridge.errors import LeaseLost
from mailbridge.message.trace_ids import new_trace_id
from mailbridge.notifications.model import Class, Notification, OutboxState, Queued, Senders
from mailbridge.store import dialects
from mailbridge.store.queue import LeaseQueue, QueueStatements, QueueTable, bind
from mailbridge.store.restoring import KEPT_BACK
from mailbridge.store.sql import Row, Sql, Values
from mailbridge.store.stored_notifications import dump_notification, load_as_far_as_known
from mailbridge.store.tables.outgoing import (
    COLLECTED,
    COUNTED,
    DOT,
    FOR_RELEASE,
    HAS_TRACE,
    HELD,
    PENDING,
    SENT,
    SHADOWED,
    UNDER_WAY,
    UNSENT,
    outbox,
)

UNKNOWN_REST = timedelta(minutes=10)  # RFC 5321 4.5.3.2.6: a server may take ten minutes to answer the final dot
OUTCOME_UNKNOWN = "outcome unknown"


def _among(*states: OutboxState) -> sa.ColumnElement[bool]:
    return outbox.c.state.in_(states)


_QUEUE = QueueTable(
    table=outbox,
    open=PENDING,
    ready=OutboxState.QUEUED,
    leased=(OutboxState.SENDING, OutboxState.DOT),
    waits=(outbox.c.next_at,),
    due=outbox.c.next_at,
    lease_ends=(outbox.c.lease_until, outbox.c.next_at),
    created=outbox.c.created_at,
    by_id=outbox.c.id + 0,
    order=(outbox.c.next_at, outbox.c.id),
    counted=(PENDING, HELD, UNSENT),
    finished=OutboxState.SENT,
    finished_where=SENT,
    requeued=(OutboxState.SENT, OutboxState.FAILED, OutboxState.SUPPRESSED, OutboxState.HELD),
    on_claim={"repeated": sa.or_(outbox.c.repeated, outbox.c.state == OutboxState.DOT)},
    on_release={"next_at": outbox.c.created_at, "attempts": outbox.c.attempts - 1},
    on_requeue={"error": "", "repeated": False},
    given_up=timedelta(days=5),
    retried=sa.or_(outbox.c.attempts > 0, outbox.c.created_at > bind("now")),
)
_CHANGE = outbox.update().where(_QUEUE.this)
_NEVER_SENT = (  # the end of shadow mode
    outbox.update()
    .where(sa.or_(PENDING, HELD))
    .values(state=OutboxState.SUPPRESSED, error=SHADOWED, next_at=bind("now"), lease_owner=None, lease_until=None)
)
_END = _CHANGE.values(_QUEUE.unleased)

_ADD = dialects.insert_new(outbox)
# DOT is a literal: with a bound state neither database sees that the partial index holds every row wanted, and scans all that was sent.
_CLOSE_UNKNOWN = (
    outbox.update()
    .where(DOT, outbox.c.next_at <= bind("now"))
    .where(outbox.c["class"] == Class.REMINDER)
    .values(state=OutboxState.SENT, sent_at=bind("now"), error=OUTCOME_UNKNOWN, lease_owner=None, lease_until=None)
)
_LOST = (
    sa.select(outbox)
    .where(DOT, outbox.c.next_at <= bind("now"), outbox.c.repeated)
    .where(outbox.c["class"] == Class.LETTER)
    .order_by(outbox.c.id + 0)  # sorted after the small index found them, not found by walking all rows in order
    .limit(bind("limit"))
)
_FREE = _QUEUE.free(outbox.c.id, outbox.c.domain).where(sa.not_(sa.and_(outbox.c.state == OutboxState.DOT, outbox.c.repeated)))
_FREE_OF_OTHERS = _FREE.where(outbox.c.domain.not_in(sa.bindparam("in_domains", expanding=True)))
_OF_SENDERS = outbox.c.sender.in_(sa.bindparam("in_senders", expanding=True))
_BY_SENDERS: Mapping[bool | None, sa.ColumnElement[bool]] = {  # `Senders.others`; None: of everybody
    None: sa.true(),
    False: _OF_SENDERS,
    True: sa.or_(outbox.c.sender.is_(None), sa.not_(_OF_SENDERS)),
}
_FREE_BY = {others: _FREE.where(where) if others is not None else _FREE for others, where in _BY_SENDERS.items()}
_FREE_OF_OTHERS_BY = {
    others: _FREE_OF_OTHERS.where(where) if others is not None else _FREE_OF_OTHERS for others, where in _BY_SENDERS.items()
}
_IS_DUE_BY = {others: _QUEUE.free(sa.literal(1)).where(where).order_by(None) for others, where in _BY_SENDERS.items() if others is not None}
_PENDING_BY_SENDER = sa.select(outbox.c.sender, outbox.c.state, sa.func.count()).where(PENDING).group_by(outbox.c.sender, outbox.c.state)
_BUSY = sa.select(outbox.c.domain).where(UNDER_WAY, outbox.c.lease_until > bind("now"), outbox.c.lease_owner != bind("owner")).distinct()
_TAKE = _QUEUE.free(outbox).where(outbox.c.id.in_(sa.bindparam("in_ids", expanding=True))).with_for_update(skip_locked=True)
_MARK_RENDERED = _CHANGE.where(_QUEUE.by_owner).values(rendered=bind("rendered"))
_MARK_DOT = _QUEUE.renew(state=OutboxState.DOT, next_at=bind("next_at"))
_LEASE = sa.select(outbox.c.lease_until).where(_QUEUE.this)
# The mail stays as it was sent; one with a link that signs in does not.
_STAYS = sa.case((outbox.c.event == "sign_in", sa.null()), else_=outbox.c.rendered)
_SENT = _QUEUE.end(state=OutboxState.SENT, sent_at=bind("now"), reply=bind("reply"), error="", rendered=_STAYS)
_DEFER = _QUEUE.end(state=OutboxState.DEFERRED, next_at=bind("next_at"), error=bind("error"))
_FAIL = _QUEUE.end_where(PENDING, state=OutboxState.FAILED, error=bind("error"))
_NOT_DOTTED = _QUEUE.end_where(DOT, state=OutboxState.QUEUED, next_at=bind("next_at"))
_SUPPRESS = _END.where(_QUEUE.by_owner, _among(OutboxState.QUEUED, OutboxState.DEFERRED, OutboxState.SENDING, OutboxState.HELD)).values(
    state=OutboxState.SUPPRESSED, error=bind("error")
)
_KEEP_BACK = _END.where(_QUEUE.by_owner, _among(OutboxState.QUEUED, OutboxState.DEFERRED, OutboxState.SENDING)).values(
    state=OutboxState.HELD, next_at=FOR_RELEASE, error=bind("error")
)
_BY_MESSAGE_ID = sa.select(outbox).where(outbox.c.message_id == bind("message_id"))
_BY_TRACE = sa.select(outbox).where(HAS_TRACE, outbox.c.trace == bind("trace")).order_by(outbox.c.id + 0)
_OF_TICKET = sa.select(outbox).where(outbox.c.ticket == bind("ticket")).order_by(outbox.c.id)
_STATEMENTS = QueueStatements(
    _QUEUE,
    {
        **{state: _QUEUE.newest_open(state) for state in (OutboxState.QUEUED, OutboxState.SENDING, OutboxState.DOT, OutboxState.DEFERRED)},
        **{state: _QUEUE.newest(UNSENT, outbox.c.state == state) for state in (OutboxState.FAILED, OutboxState.SUPPRESSED)},
        OutboxState.SENT: _QUEUE.newest(SENT),
        OutboxState.HELD: _QUEUE.newest(HELD),
    },
)
_COUNT = (
    sa.select(outbox.c.id)
    .where(outbox.c.recipient == bind("recipient"), outbox.c.created_at >= bind("since"), outbox.c.state != OutboxState.SUPPRESSED)
    .where(sa.or_(bind("event", sa.Text()).is_(None), outbox.c.event == bind("event")))
)
_COUNT_ANY = sa.select(sa.func.count()).select_from(_COUNT.limit(bind("limit")).subquery())
_COUNT_AUTOMATIC = sa.select(sa.func.count()).select_from(_COUNT.where(outbox.c.automatic).limit(bind("limit")).subquery())
_AUTOMATIC = sa.select(outbox.c.id).where(COUNTED, outbox.c.created_at >= bind("since"))
_COUNT_ALL = sa.select(sa.func.count()).select_from(_AUTOMATIC.limit(bind("limit")).subquery())
_TOLD = (
    sa.select(outbox.c.id)
    .where(outbox.c.recipient == bind("recipient"), outbox.c.created_at >= bind("since"))
    .where(outbox.c.event.in_(sa.bindparam("in_events", expanding=True)))
)
_NTH_TOLD = _TOLD.with_only_columns(outbox.c.created_at).order_by(outbox.c.created_at.desc()).limit(1).offset(bind("skipped"))
_COUNT_TOLD_BETWEEN = sa.select(sa.func.count()).select_from(
    _TOLD.where(outbox.c.created_at < bind("before")).limit(bind("limit")).subquery()
)
_LATEST = (  # what is held goes first
    sa.select(outbox.c.created_at, sa.case((outbox.c.state == OutboxState.HELD, outbox.c.next_at)).label("until"))
    .where(outbox.c.recipient == bind("recipient"), outbox.c.created_at >= bind("since"), outbox.c.state != OutboxState.SUPPRESSED)
    .where(outbox.c.event.in_(sa.bindparam("in_events", expanding=True)))
    .order_by(sa.case((outbox.c.state == OutboxState.HELD, 0), else_=1), outbox.c.created_at.desc())
    .limit(1)
)
_OF_EVENTS = outbox.c.event.in_(sa.bindparam("in_events", expanding=True))
_COLLECTED = outbox.c.error.startswith(COLLECTED)
_HELD_DUE = sa.select(outbox.c.recipient).where(HELD, outbox.c.next_at <= bind("now"), sa.not_(_OF_EVENTS), sa.not_(_COLLECTED))
_HELD_OF = (
    sa.select(outbox)
    .where(HELD, outbox.c.next_at < FOR_RELEASE, outbox.c.recipient.in_(sa.bindparam("in_recipients", expanding=True)))
    .where(sa.not_(_OF_EVENTS), sa.not_(_COLLECTED))
    .order_by(outbox.c.id + 0)  # sorted after the small index found them
)
_COLLECTED_DUE = sa.select(outbox).where(HELD, outbox.c.next_at <= bind("now"), _COLLECTED).order_by(outbox.c.id + 0)
_COLLECTED_UNTIL = (
    sa.select(sa.func.min(outbox.c.next_at))
    .where(HELD, outbox.c.ticket == bind("ticket"), outbox.c.recipient == bind("recipient"), outbox.c.audience == bind("audience"))
    .where(outbox.c.error == bind("marker"))
)
_ALERTS_DUE = sa.select(outbox).where(HELD, outbox.c.next_at <= bind("now"), _OF_EVENTS, sa.not_(_COLLECTED)).order_by(outbox.c.id + 0)
_FOR_RELEASE = sa.select(outbox).where(HELD, outbox.c.next_at == FOR_RELEASE).order_by(outbox.c.id + 0).limit(bind("limit"))
_OF_RESTORE = outbox.c.error.startswith(KEPT_BACK)
_OF_SHADOW = outbox.c.error == SHADOWED
_OF_FIRST = sa.not_(sa.or_(_OF_RESTORE, _OF_SHADOW))
_KEPT_BACK, _OF_FIRST_CONNECT = _FOR_RELEASE.where(_OF_RESTORE), _FOR_RELEASE.where(_OF_FIRST)
_WAITS = (
    sa.select(outbox.c.id)
    .where(outbox.c.ticket == bind("ticket"), outbox.c.state == OutboxState.HELD, outbox.c.next_at == FOR_RELEASE, _OF_FIRST)
    .limit(1)
)
_TOLD_WITH = (
    outbox.update()
    .where(HELD, outbox.c.ticket == bind("ticket"), outbox.c.recipient == bind("recipient"), outbox.c.audience == bind("audience"))
    .where(outbox.c.error == bind("marker"), _OF_EVENTS)
    .values(state=OutboxState.SUPPRESSED, error=bind("error"))
)
_LET_GO = _CHANGE.where(HELD).values(state=OutboxState.QUEUED, next_at=bind("now"), error="")
_LET_GO_AS = _CHANGE.where(HELD).values(
    state=OutboxState.QUEUED, next_at=bind("now"), error="", event=bind("event"), mail=bind("mail"), payload=bind("payload")
)
_GATHER = _CHANGE.where(HELD).values(next_at=bind("now"))
_LOOKED_AT = 100  # mails of which the next batch is chosen, before the whole queue is looked through
ENOUGH = 10_000  # no cap is higher, so nothing needs to be counted further


class Outbox(LeaseQueue[Queued, Queued]):
    """The outgoing mails.  Released claims are not counted: what was not begun was no try.

    `mark_dot`, and with an owner every other change of a claimed mail, raise LeaseLost where the owner has not the lease: a worker whose
    lease ended knows nothing of what the next one is sending now, and a reminder that it put back into the queue would go out twice.
    """

    _statements, _states = _STATEMENTS, OutboxState

    def __init__(self, sql: Sql) -> None:
        super().__init__(sql)
        self.cause = ""  # the trace id of the mail that is processed; '': a timer or a command causes mails
        self._told: dict[tuple[object, ...], datetime] = {}  # when the oldest was made that still counts
        self._between: dict[tuple[object, ...], int] = {}  # what was told in a time that is over
        self._senders: Senders | None = None  # whose mails are claimed; None: everybody's
        self._releases: bool | None = None  # whether anything waits for an admin's release; None: nobody asked

    def by(self, senders: Senders | None) -> Outbox:
        """The same outbox; what is due and what is claimed are mails of these senders from now on, of everybody where it is None."""
        self._senders = senders
        return self

    def is_due(self, now: datetime) -> bool:
        """See `LeaseQueue.is_due`."""
        if self._senders is None:
            return super().is_due(now)
        return self._sql.value(_IS_DUE_BY[self._senders.others], {"in_now": now, "in_limit": 1, **self._named()}) is not None

    def _named(self) -> Values:
        return {"in_senders": list(self._senders.addresses)} if self._senders is not None else {}

    def pending_by_sender(self) -> dict[tuple[str, str], int]:
        """Number of mails that are to be sent, by sender ('': the desk's own address) and state."""
        return {(row[0] or "", row[1]): row[2] for row in self._sql.rows(_PENDING_BY_SENDER)}

    def add_many(self, notifications: Sequence[Notification], now: datetime, *, not_before: datetime | None = None) -> int:
        """The notifications wait; how many are new.  One whose key is known is there already and stays as it is.

        `not_before`: they are not sent before then.
        """
        return self._sql.change(_ADD, [self._columns(notification, now, not_before or now) for notification in notifications])

    def hold(self, notification: Notification, now: datetime, until: datetime, *, reason: str = "") -> None:
        """The notification is stored and held: for an admin where `until` is FOR_RELEASE, else to be told with others at that moment.

        `reason`: QUIET or DIGEST with the entry of notifications.yaml that wants it collected; '' where a burst or an alert is.
        """
        self._sql.change(_ADD, [{**self._columns(notification, now, until), "state": OutboxState.HELD, "error": reason}])
        self._releases = True if until >= FOR_RELEASE else self._releases

    def has_told(self, recipient: str, since: datetime, events: Sequence[str], number: int) -> bool:
        """Whether the recipient has at least this number of notifications of these events since then, bundled ones included.

        The moment of the oldest one that is needed is kept: while a backlog is processed, each mail asks with a later `since`, and more
        notifications only move that moment later.
        """
        if number <= 0:
            return True
        asked = (self._sql.undone, recipient.lower(), tuple(events), number)
        oldest = self._told.get(asked)
        if oldest is None or oldest < since:
            values = {"in_recipient": asked[1], "in_since": since, "in_events": list(events), "in_skipped": number - 1}
            oldest = self._sql.value(_NTH_TOLD, values)
            if oldest is not None:
                self._told[asked] = oldest
        return oldest is not None and oldest >= since

    def told_between(self, recipient: str, since: datetime, before: datetime, events: Sequence[str], limit: int) -> int:
        """The same for what was made before a moment, which is the one of this transaction: it is asked once, however many alerts fire."""
        asked = (recipient.lower(), since, before, tuple(events), limit)
        if asked not in self._between:
            values = {"in_recipient": asked[0], "in_since": since, "in_events": list(events), "in_limit": limit, "in_before": before}
            self._between[asked] = int(self._sql.value(_COUNT_TOLD_BETWEEN, values))
        return self._between[asked]

    def latest(self, recipient: str, since: datetime, events: Sequence[str]) -> tuple[datetime, datetime | None] | None:
        """When a mail of these events to the recipient was made since then, and until when it is held: one that is held, else the latest
        one; None where there is none."""
        row = self._sql.row(_LATEST, {"in_recipient": recipient.lower(), "in_since": since, "in_events": list(events)})
        return (row[0], row[1]) if row is not None else None

    def to_bundle(self, now: datetime, *, but: Sequence[str] = ()) -> list[Queued]:
        """All that is held to be bundled, of every recipient for whom the time has come, in order.  `but`: events that are left out."""
        recipients = sorted({row[0] for row in self._sql.rows(_HELD_DUE, {"in_now": now, "in_events": list(but)})})
        return self._items(_HELD_OF, {"in_recipients": recipients, "in_events": list(but)}) if recipients else []

    def held_due(self, now: datetime, events: Sequence[str]) -> list[Queued]:
        """What is held of these events, and whose time has come, in order."""
        return self._items(_ALERTS_DUE, {"in_now": now, "in_events": list(events)})

    def collected(self, now: datetime) -> list[Queued]:
        """What notifications.yaml wants collected, and whose time has come, in order."""
        return self._items(_COLLECTED_DUE, {"in_now": now})

    def collected_until(self, notification: Notification, marker: str) -> datetime | None:
        """When what is collected already for the same recipient about the same ticket goes out; None where nothing is."""
        values = {
            "in_ticket": notification.ticket,
            "in_recipient": notification.recipient.lower(),
            "in_audience": notification.audience,
            "in_marker": marker,
        }
        until: datetime | None = self._sql.value(_COLLECTED_UNTIL, values)
        return until

    def told_with(self, notification: Notification, marker: str, events: Sequence[str], reason: str) -> int:
        """What is collected of these events for the same recipient about the same ticket is told by the notification; how much it was."""
        values = {
            "in_ticket": notification.ticket,
            "in_recipient": notification.recipient.lower(),
            "in_audience": notification.audience,
            "in_marker": marker,
            "in_events": list(events),
            "in_error": reason,
        }
        return self._sql.change(_TOLD_WITH, values)

    def let_go_as(self, id: int, notification: Notification, now: datetime) -> bool:
        """What was held goes out now with other words: its event, its mail and its payload change."""
        values = {"in_event": notification.event, "in_mail": notification.mail, "in_payload": dump_notification(notification)}
        return self._sql.change(_LET_GO_AS, {"in_id": id, "in_now": now, **values}) == 1

    def of_first_connect(self, limit: int = ENOUGH) -> list[Queued]:
        """What waits for an admin's release because a first connect brought what it is about, in order."""
        return self._items(_OF_FIRST_CONNECT, {"in_limit": limit})

    def kept_back(self, limit: int = ENOUGH) -> Sequence[Queued]:
        """What waits for an admin's release because it may have been sent after the backup that was restored, in order."""
        return self._items(_KEPT_BACK, {"in_limit": limit})

    def waits_for_release(self, ticket: int) -> bool:
        """Whether mails about the ticket wait for an admin's release after a first connect."""
        if self._releases is None:
            self._releases = bool(self.of_first_connect(1))
        return self._releases and self._sql.row(_WAITS, {"in_ticket": ticket}) is not None

    def let_go(self, id: int, now: datetime) -> bool:
        """What was held goes out now."""
        return self._sql.change(_LET_GO, {"in_id": id, "in_now": now}) == 1

    def bundle(self, id: int, now: datetime) -> bool:
        """A mail that waited for an admin is bundled with others from now on."""
        return self._sql.change(_GATHER, {"in_id": id, "in_now": now}) == 1

    def _choose(self, owner: str, limit: int, now: datetime) -> Sequence[Row]:
        """Mails whose time has come.  Reminders of unknown outcome are closed on the way, see the top of this module."""
        self._sql.change(_CLOSE_UNKNOWN, {"in_now": now})
        free = self._free(owner, limit, now)
        return self._sql.rows(_TAKE, {"in_ids": free, "in_now": now, "in_limit": limit}) if free else ()

    def _free(self, owner: str, limit: int, now: datetime) -> list[int]:
        """Ids of mails whose time has come, oldest first.  A domain that another owner delivers to at this moment is left to that owner
        as long as mail for other domains waits: a server that takes a minute a mail holds one worker then, and not all of them."""
        values = {"in_now": now, "in_limit": max(limit, _LOOKED_AT), **self._named()}
        others_only = None if self._senders is None else self._senders.others
        free = self._sql.rows(_FREE_BY[others_only], values)
        busy = {row.domain for row in self._sql.rows(_BUSY, {"in_now": now, "in_owner": owner})} if free else set()
        others = [row.id for row in free if row.domain not in busy]
        if busy and not others and len(free) == values["in_limit"]:
            others = [row.id for row in self._sql.rows(_FREE_OF_OTHERS_BY[others_only], {**values, "in_domains": sorted(busy)})]
        return others or [row.id for row in free]

    def lost(self, now: datetime, limit: int = 100) -> list[Queued]:
        """Mails that came to the dot twice, both times without a reply: they may have arrived.  Fail them and notify a person."""
        return self._items(_LOST, {"in_now": now, "in_limit": limit})

    def mark_rendered(self, id: int, rendered: bytes, *, owner: str | None = None) -> None:
        """The mail is rendered, and is the same for all attempts."""
        self._as_owner(_MARK_RENDERED, id, owner, {"in_rendered": rendered})

    def mark_dot(self, id: int, owner: str, now: datetime, *, lease: timedelta | None = None) -> None:
        """Commit this, then send the final dot.  After LeaseLost do not send it.

        `lease` gives a new one from now on, for a server that takes its time; without it the claim's stays.
        """
        until = now + lease if lease else self._sql.value(_LEASE, {"in_id": id})
        if until is None:
            raise LeaseLost(id=id)
        self._as_owner(_MARK_DOT, id, owner, {"in_now": now, "in_until": until, "in_next_at": until + UNKNOWN_REST})

    def sent(self, id: int, now: datetime, reply: str = "", *, owner: str | None = None) -> bool:
        """The server took it; `reply` is what it said."""
        return self._as_owner(_SENT, id, owner, {"in_now": now, "in_reply": reply})

    def defer(self, id: int, next_at: datetime, error: str, *, owner: str | None = None) -> bool:
        """The server did not take it now, for sure; it is tried again at `next_at`."""
        return self._as_owner(_DEFER, id, owner, {"in_next_at": next_at, "in_error": error})

    def fail(self, id: int, error: str, now: datetime, *, owner: str | None = None) -> bool:
        """It will never be delivered.  True for one caller only, which notifies the agent."""
        return self._as_owner(_FAIL, id, owner, {"in_error": error})

    def suppress(self, id: int, reason: str, now: datetime, *, owner: str | None = None) -> bool:
        """It was decided not to send it."""
        return self._as_owner(_SUPPRESS, id, owner, {"in_error": reason})

    def keep_back(self, id: int, reason: str, *, owner: str | None = None) -> bool:
        """It waits for an admin's release from now on; `reason` says why, see `restoring`."""
        return self._as_owner(_KEEP_BACK, id, owner, {"in_error": reason})

    def keep_in_shadow(self, id: int, *, owner: str | None = None) -> bool:
        """It went through every step but the last one: the desk is in shadow mode, and nothing sends it."""
        return self._as_owner(_KEEP_BACK, id, owner, {"in_error": SHADOWED})

    def end_shadow(self, now: datetime) -> int:
        """What was not sent is never sent; how many mails."""
        return self._sql.change(_NEVER_SENT, {"in_now": now})

    def not_dotted(self, id: int, next_at: datetime, *, owner: str) -> bool:
        """Whether the owner had committed the dot.  It was not sent, for sure, so the mail is sent as if it had not come to it."""
        return self._sql.change(_NOT_DOTTED, {"in_id": id, "in_owner": owner, "in_next_at": next_at}) == 1

    def by_message_id(self, message_id: str) -> Queued | None:
        row = self._sql.row(_BY_MESSAGE_ID, {"in_message_id": message_id}) if message_id else None
        return _queued(row) if row else None

    def of_ticket(self, ticket: int) -> list[Queued]:
        return self._items(_OF_TICKET, {"in_ticket": ticket})

    def count_since(
        self, recipient: str, since: datetime, automatic_only: bool = True, *, event: str | None = None, limit: int = ENOUGH
    ) -> int:
        """Number of notifications (of one event) for the recipient since then, without suppressed ones; at most `limit`."""
        statement = _COUNT_AUTOMATIC if automatic_only else _COUNT_ANY
        values = {"in_recipient": recipient.lower(), "in_since": since, "in_event": event, "in_limit": limit}
        return int(self._sql.value(statement, values))

    def count_all_since(self, since: datetime, *, limit: int = ENOUGH) -> int:
        """Number of automatic notifications for customers since then, without suppressed ones; at most `limit`."""
        return int(self._sql.value(_COUNT_ALL, {"in_since": since, "in_limit": limit}))

    def by_trace(self, trace: str) -> list[Queued]:
        """The outgoing mails with this trace id, in order."""
        return self._items(_BY_TRACE, {"in_trace": trace})

    def _columns(self, notification: Notification, now: datetime, next_at: datetime) -> Values:
        return {**_columns(notification, now, next_at), "trace": self.cause or new_trace_id(now, token_bytes)}

    def _item(self, row: Row) -> Queued:
        return _queued(row)

    def _claimed(self, row: Row) -> Queued:
        return _queued(row, state=OutboxState.SENDING, attempts=row.attempts + 1, repeated=row.repeated or row.state == OutboxState.DOT)


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
        "payload": dump_notification(notification),
        "state": OutboxState.QUEUED,
        "attempts": 0,
        "next_at": next_at,
        "error": "",
        "reply": "",
        "created_at": now,
        "repeated": False,
        "sender": notification.sender.lower() or None,
    }


def _queued(row: Row, *, state: OutboxState | None = None, attempts: int | None = None, repeated: bool | None = None) -> Queued:
    notification, unreadable = load_as_far_as_known(row.payload)
    return Queued(
        id=row.id,
        notification=notification,
        unreadable=unreadable,
        state=state or OutboxState(row.state),
        attempts=row.attempts if attempts is None else attempts,
        created_at=row.created_at,
        rendered=None if row.rendered is None else bytes(row.rendered),
        repeated=row.repeated if repeated is None else repeated,
        error=row.error,
        reply=row.reply,
        next_at=row.next_at,
        sent_at=row.sent_at,
        trace=row.trace or "",
    )
