"""Gets promises delivered: claim, word, send, record.  What a crash at any line means stands in store/outbox.py.

A turn claims a few promises, words those that are not yet (the words are stored before anything is sent, so every try sends the same
bytes) and hands them over one by one.  The state DOT is committed when everything but the final dot is with the server; only between that
commit and the next one can nobody know whether the mail was taken.  Any number of couriers may run, in threads and in processes.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from random import random
from threading import Event
from typing import assert_never

from mailbridge.clock import Clock
from mailbridge.context import Desk
from mailbridge.errors import StoreAway
from mailbridge.message.model import Attachment
from mailbridge.ops import crash
from mailbridge.ops import log as logs
from mailbridge.outbox import suppression
from mailbridge.outbox.courier import Courier, Deferred, Delivered, Outcome, Overtaken, Refused, Unknown
from mailbridge.outbox.mail import Unwritable, build, deliverable
from mailbridge.outbox.model import Audience, Notification, Queued
from mailbridge.outbox.render import Renderer, TemplateFailed, View, guarded, without_template
from mailbridge.store.engine import Store
from mailbridge.store.mails import StoredAttachment
from mailbridge.store.tx import Tx

LEASE = timedelta(minutes=5)
DOT_LEASE = timedelta(minutes=10)  # RFC 5321 4.5.3.2.6: the server may take ten minutes to answer the final dot
PORTION = 10
GIVE_UP = timedelta(days=5)  # RFC 5321 4.5.4.1
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(minutes=67)
FIRST_REST, LONGEST_REST = timedelta(seconds=2), timedelta(minutes=5)
CARRYING = frozenset({"new", "assigned", "customer_replied", "colleague_answered"})  # news to agents that bring the files along
FILES_TO_AGENT = 5 << 20  # bytes; each member of a team gets a mail of its own.  An agent's answer takes all its files to the customer
TELLINGS = 3
IN_HAND = 1 << 20  # bytes; a worded mail beyond is fetched again when its turn comes, so that a portion of big ones fits into memory

log = logs.get("outbox")
_numbers = count(1)


def backoff(attempts: int, jitter: float) -> timedelta:
    """How long a mail waits after its n-th try: 5, 10, 20, 40, then 67 minutes, up to a fifth longer (`jitter` in 0..1)."""
    return _doubled(FIRST_WAIT, attempts, LONGEST_WAIT) * (1 + 0.2 * jitter)


def rest(failures: int, jitter: float) -> timedelta:
    """How long a courier leaves a server alone that was not there n times in a row: 2 seconds, doubling up to 5 minutes."""
    return _doubled(FIRST_REST, failures, LONGEST_REST) * (1 + 0.2 * jitter)


def _doubled(first: timedelta, times: int, longest: timedelta) -> timedelta:
    return min(first * (1 << min(max(times, 1) - 1, 20)), longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Worded."""

    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Hopeless:
    """It cannot be worded or written, now or later."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Something of ours broke; perhaps not the next time."""

    reason: str


Wording = Ready | Hopeless | Again | suppression.Suppress | suppression.Hold


class Deliverer:
    """One courier at work; belongs to one thread.

    `view` looks up what a template may show.  `failed` is called in the transaction that gives a promise up, so that whoever has to hear of
    it does; `held` when the breaker for automatic mail holds one back until the given time.
    """

    def __init__(
        self,
        store: Store,
        courier: Courier,
        renderer: Renderer,
        clock: Clock,
        *,
        desk: Callable[[], Desk],
        view: Callable[[Tx, Notification, Desk], View],
        failed: Callable[[Tx, Queued, str], None],
        held: Callable[[Tx, Queued, datetime], None] = lambda _tx, _queued, _until: None,
        jitter: Callable[[], float] = random,
    ) -> None:
        self._store, self._courier, self._renderer, self._clock = store, courier, renderer, clock
        self._desk, self._view, self._failed, self._held, self._jitter = desk, view, failed, held, jitter
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{next(_numbers)}"
        self._owed: list[Callable[[Tx], object]] = []
        self._absences = 0
        self._resting_until: datetime | None = None

    def run(self, stop: Event, wake: Event) -> None:
        """Delivers until `stop`; sleeps until `wake` or a second has passed when there is nothing to do."""
        while not stop.is_set():
            try:
                busy = bool(self.one_turn(stop))
            except StoreAway as error:
                log.warning("store_away", error=str(error))
                stop.wait(2)
                continue
            except Exception:  # a bug of ours: the thread must live, the claims come back when their lease is over
                log.exception("turn_failed")
                stop.wait(5)
                continue
            if not busy:
                wake.wait(1)
                wake.clear()
        self._courier.close()

    def one_turn(self, stop: Event | None = None) -> int:
        """Works off some promises whose time has come; how many.  Raises StoreAway; nothing that was sent is forgotten then."""
        now = self._clock.now()
        self._settle()
        if self._resting_until is not None and now < self._resting_until:
            return 0
        with self._store.write() as tx:
            claimed = tx.outbox.claim(self._owner, PORTION, LEASE, now)
        if not claimed:
            return 0
        crash.point("outbox.claimed")
        try:
            self._work_off(claimed, stop)
        except StoreAway:
            self._owed.append(lambda tx: tx.outbox.release(self._owner))
            raise
        return len(claimed)

    def _work_off(self, claimed: Sequence[Queued], stop: Event | None) -> None:
        ready = self._word(claimed)
        crash.point("outbox.rendered")
        for number, queued in enumerate(ready, start=1):
            away = self._deliver(queued)
            if (away or (stop is not None and stop.is_set())) and number < len(ready):
                # What was not begun can be claimed by anybody at once, and those tries do not count.
                self._change(lambda tx: tx.outbox.release(self._owner))
                return

    # -- words ----------------------------------------------------------------------------------------------------

    def _word(self, claimed: Sequence[Queued]) -> list[Queued]:
        """The promises that can be sent now, their words stored; what came of the others is recorded."""
        ready = [queued for queued in claimed if queued.rendered is not None]
        worded: list[tuple[Queued, Wording]] = []
        for queued in claimed:
            if queued.rendered is None:
                with self._store.read() as tx:
                    worded.append((queued, self._wording(tx, queued, self._desk(), self._clock.now())))
            if sum(len(wording.raw) for _, wording in worded if isinstance(wording, Ready)) > IN_HAND:
                ready += self._keep(worded)
                worded = []
        return ready + self._keep(worded)

    def _keep(self, worded: Sequence[tuple[Queued, Wording]]) -> list[Queued]:
        """All of it in one transaction; those that can be sent, with their words in hand where these are small."""
        if not worded:
            return []
        with self._store.write() as tx:
            for queued, wording in worded:
                self._note(tx, queued, wording, self._clock.now())
        ready = [(queued, wording.raw) for queued, wording in worded if isinstance(wording, Ready)]
        return [replace(queued, rendered=raw if len(raw) <= IN_HAND else None) for queued, raw in ready]

    def _wording(self, tx: Tx, queued: Queued, desk: Desk, now: datetime) -> Wording:
        try:
            return _judged(tx, queued, desk, now) or Ready(raw=self._written(tx, queued, desk))
        except TemplateFailed as error:
            return Hopeless(reason=f"template error: {error}")
        except Unwritable as error:
            return Hopeless(reason=str(error))
        except StoreAway:
            raise
        except Exception as error:  # a bug of ours, or a content that is gone: it must not stop the mails beside this one
            log.exception("wording_failed", outbox=queued.id)
            reason = f"{type(error).__name__}: {error}"
            return Again(reason=reason) if queued.attempts < desk.config.limits.tries else Hopeless(reason=reason)

    def _written(self, tx: Tx, queued: Queued, desk: Desk) -> bytes:
        files, left_out = _files(tx, queued.notification)
        seen = replace(self._view(tx, queued.notification, desk), left_out=left_out)
        notification, view = guarded(queued.notification, seen)
        try:
            worded = self._renderer.render(notification, view)
        except TemplateFailed as error:
            if notification.audience is Audience.CUSTOMER:
                raise
            # Whoever works here hears of it all the same, in plain words, and of the broken template too.
            worded = without_template(notification, view, error)
        address = desk.config.desk.address
        return build(
            worded,
            notification,
            sender_address=address,
            desk_name=desk.config.desk.name,
            date=self._clock.now(),
            attachments=[_attachment(tx, file) for file in files],
            loop_mark=address if notification.automatic else "",
        )

    def _note(self, tx: Tx, queued: Queued, wording: Wording, now: datetime) -> None:
        match wording:
            case Ready(raw=raw):
                tx.outbox.mark_rendered(queued.id, raw)
            case suppression.Suppress(reason=reason):
                tx.outbox.suppress(queued.id, reason, now)
                log.info("mail_suppressed", **_about(queued), reason=reason)
            case suppression.Hold(until=until, reason=reason):
                tx.outbox.defer(queued.id, until, reason)
                self._held(tx, queued, until)
                log.warning("mail_held", **_about(queued), reason=reason)
            case Again(reason=reason):
                tx.outbox.defer(queued.id, now + backoff(queued.attempts, self._jitter()), reason)
            case Hopeless(reason=reason):
                self._fail(tx, queued, reason, now)
            case _:
                assert_never(wording)

    # -- the way out ----------------------------------------------------------------------------------------------

    def _deliver(self, queued: Queued) -> bool:
        """Hands one mail over and records what came of it; true where the server is not there for any mail now."""
        sender, recipient, dotted = self._desk().config.desk.address, deliverable(queued.notification.recipient), Event()
        try:
            outcome = self._courier.send(sender, recipient, self._words_of(queued), lambda: self._mark_dot(queued, dotted))
        except Overtaken:
            log.warning("mail_overtaken", **_about(queued))
            return False
        except StoreAway:
            raise
        except Exception as error:  # a bug of ours or of the client library: it must not end the thread
            log.exception("sending_failed", outbox=queued.id)
            self._courier.close()
            reason = f"{type(error).__name__}: {error}"
            outcome = Unknown(reply=reason) if dotted.is_set() else Deferred(reply=reason)
        crash.point("outbox.before_sent")
        self._record(queued, outcome)
        crash.point("outbox.after_sent")
        return isinstance(outcome, Deferred) and outcome.away

    def _words_of(self, queued: Queued) -> bytes:
        if queued.rendered is not None:
            return queued.rendered
        with self._store.read() as tx:
            stored = tx.outbox.get(queued.id)
        if stored is None or stored.rendered is None:
            raise Overtaken  # taken away in the meantime
        return stored.rendered

    def _mark_dot(self, queued: Queued, dotted: Event) -> None:
        crash.point("outbox.before_dot")
        with self._store.write() as tx:
            ours = tx.outbox.mark_dot(queued.id, self._owner, self._clock.now(), lease=DOT_LEASE)
        if not ours:
            raise Overtaken
        dotted.set()
        crash.point("outbox.dot_committed")

    def _record(self, queued: Queued, outcome: Outcome) -> None:
        now = self._clock.now()
        self._note_absence(outcome, now)
        match outcome:
            case Delivered(reply=reply):
                self._change(lambda tx: tx.outbox.sent(queued.id, now, reply))
                log.info("mail_sent", **_about(queued), tries=queued.attempts, repeated=queued.repeated)
            case Refused(code=code, reply=reply):
                self._change(lambda tx: self._fail(tx, queued, f"{code or ''} {reply}".strip(), now))
            case Deferred():
                self._defer(queued, outcome, now)
            case Unknown(reply=reply) if queued.repeated:
                self._change(lambda tx: self._fail(tx, queued, f"the server gave no reply, twice; it may have arrived: {reply}", now))
            case Unknown(reply=reply):
                # The row stays in state DOT: the store gives it out once more when the server can have no word left to say.
                log.warning("mail_outcome_unknown", **_about(queued), reply=reply)
            case _:
                assert_never(outcome)

    def _defer(self, queued: Queued, outcome: Deferred, now: datetime) -> None:
        reason = f"{outcome.code or ''} {outcome.reply}".strip()
        if now - queued.created_at >= GIVE_UP:
            self._change(lambda tx: self._fail(tx, queued, f"gave up after {GIVE_UP.days} days: {reason}", now))
            return
        wait = backoff(queued.attempts, self._jitter())
        again = self._resting_until if outcome.away and self._resting_until is not None else now + wait
        self._change(lambda tx: tx.outbox.defer(queued.id, again, reason))
        log.info("mail_deferred", **_about(queued), reason=reason, again=again.isoformat())

    def _fail(self, tx: Tx, queued: Queued, reason: str, now: datetime) -> None:
        """Given up; one caller alone tells whom it concerns, in the same transaction."""
        if tx.outbox.fail(queued.id, reason, now):
            self._tell(tx, queued, reason)
            log.warning("mail_failed", **_about(queued), reason=reason)

    def _tell(self, tx: Tx, queued: Queued, reason: str) -> None:
        """The news is part of the transaction, or, where it cannot be told, at least no obstacle to it: a ticket may be changed by somebody
        else at the same moment (then it is told at the second try), or gone."""
        for _ in range(TELLINGS):
            try:
                with tx.savepoint():
                    self._failed(tx, queued, reason)
                return
            except StoreAway:
                raise
            except Exception:
                log.exception("failure_not_told", **_about(queued))

    def _note_absence(self, outcome: Outcome, now: datetime) -> None:
        if isinstance(outcome, Deferred) and outcome.away:
            self._absences += 1
            self._resting_until = now + rest(self._absences, self._jitter())
        else:
            self._absences, self._resting_until = 0, None

    def _change(self, change: Callable[[Tx], object]) -> None:
        """The change is committed, or owed: a mail that was sent while the store was away is recorded as soon as the store is back."""
        self._owed.append(change)
        self._settle()

    def _settle(self) -> None:
        while self._owed:
            with self._store.write() as tx:
                self._owed[0](tx)
            del self._owed[0]


def _judged(tx: Tx, queued: Queued, desk: Desk, now: datetime) -> suppression.Suppress | suppression.Hold | None:
    """What the caps say, from the counts of what was promised before this mail."""
    notification, at, caps = queued.notification, queued.created_at, desk.config.limits
    if not suppression.counted(notification):
        return None
    earlier = _earlier(tx, notification.recipient, at, caps.automatic_per_hour)
    suspended = tx.addresses.suspended(notification.recipient, now)
    return suppression.judge(notification, earlier, caps, promised_at=at, now=now, suspended=suspended)


def _earlier(tx: Tx, recipient: str, at: datetime, flood: int) -> suppression.Earlier:
    """How many automatic mails were promised before `at`.  Most people get one mail a day, so two questions are enough for most."""
    box = tx.outbox
    everybody = box.count_all_since(at - suppression.HOUR, limit=flood + 1) - 1
    if everybody >= flood:
        everybody = box.count_all_since(at - suppression.HOUR) - box.count_all_since(at)
    if box.count_since(recipient, at - suppression.DAY, limit=2) < 2:
        return suppression.Earlier(everybody_hour=everybody)

    def to_recipient(span: timedelta, event: str | None = None) -> int:
        return box.count_since(recipient, at - span, event=event) - box.count_since(recipient, at, event=event)

    return suppression.Earlier(
        receipts_hour=to_recipient(suppression.HOUR, suppression.RECEIPT),
        recipient_hour=to_recipient(suppression.HOUR),
        recipient_day=to_recipient(suppression.DAY),
        everybody_hour=everybody,
    )


def _files(tx: Tx, notification: Notification) -> tuple[list[StoredAttachment], tuple[str, ...]]:
    """The files that go along with the message that is carried, and the names of those that are too big to."""
    answer = notification.audience is Audience.CUSTOMER and not notification.automatic
    news = notification.audience is Audience.AGENT and notification.event in CARRYING
    if notification.mail is None or not (answer or news):
        return [], ()
    # What was found inside a container (winmail.dat, a nested mail) goes along in its container.
    found = [file for file in tx.mails.attachments(notification.mail) if not file.inside]
    if answer:
        return found, ()
    room, carried = FILES_TO_AGENT, []
    for file in sorted(found, key=lambda file: file.size):
        room -= file.size
        if room >= 0:
            carried.append(file)
    return [file for file in found if file in carried], tuple(file.name for file in found if file not in carried)


def _attachment(tx: Tx, file: StoredAttachment) -> Attachment:
    return Attachment(
        part=file.part,
        name=file.name,
        content_type=file.content_type,
        size=file.size,
        sha256=file.sha256,
        content=tx.blobs.get(file.sha256),
        disposition=file.disposition,
        content_id=file.content_id,
    )


def _about(queued: Queued) -> dict[str, object]:
    """What a log line says of a promise: no address, no words."""
    told = queued.notification
    return {"outbox": queued.id, "ticket": told.ticket, "what": f"{told.audience}.{told.event}", "to": logs.who(told.recipient)}
