"""Delivers notifications: claim, render, send, record.  What a crash at any line means stands in store/outbox.py.

A turn claims a few notifications, renders those that are not rendered yet and sends them one by one.  The rendered mail is stored before it
is sent, so that every attempt sends the same bytes.  The state DOT is committed when everything but the final dot is with the server.  Only
between that commit and the next one it is unknown whether the server took the mail.  Any number of delivery workers may run, in threads and
in processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf
from random import random
from threading import Event
from time import monotonic
from typing import Protocol, assert_never

from mailbridge.clock import Clock
from mailbridge.delivery.pace import Pace
from mailbridge.delivery.render.mail import deliverable
from mailbridge.delivery.render.render import Renderer
from mailbridge.delivery.render.renderer import NotificationRenderer, PermanentFailure, Rendered, RenderResult, Retry
from mailbridge.delivery.render.template_context import TemplateContext
from mailbridge.delivery.transport import Deferred, Delivered, Outcome, Refused, Transport, Unknown, Withheld
from mailbridge.errors import LeaseLost, Permanent, StoreAway
from mailbridge.execution.desk import Desk
from mailbridge.message.encryption import NOT_ENCRYPTED
from mailbridge.notifications import limits
from mailbridge.notifications.model import Notification, Queued, Senders
from mailbridge.notifications.payloads.tickets import Answered
from mailbridge.ops import crash, telemetry, work_loop
from mailbridge.ops import log as logs
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx

OUTCOME_UNKNOWN = "outcome unknown: two tries ended after the final dot without an answer, so it may have arrived"
LEASE = timedelta(minutes=15)  # longer than the biggest mail may take (session.Timeouts.of_body), or it would be overtaken each time
DOT_LEASE = timedelta(minutes=10)  # RFC 5321 4.5.3.2.6: the server may take ten minutes to answer the final dot
BATCH = 10
SLOW = timedelta(seconds=5)  # a mail that takes longer makes the rest of its batch free for other workers
GIVE_UP = timedelta(days=5)  # RFC 5321 4.5.4.1
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(minutes=67)
FIRST_REST, LONGEST_REST = timedelta(seconds=2), timedelta(minutes=5)
SILENT_REST = timedelta(seconds=25)  # the longest rest of a server that gives no reply: it is back within 90 s after it works again
FAILURE_ATTEMPTS = 3
IN_HAND = 1 << 20  # bytes; a bigger rendered mail is read again before it is sent, so that a batch of big ones fits into memory

_OUTCOMES: dict[type[Outcome], str] = {
    Delivered: "delivered", Deferred: "deferred", Refused: "refused", Unknown: "unknown", Withheld: "withheld",
}  # fmt: skip

log = logs.get("outbox")


def backoff(attempts: int, jitter: float) -> timedelta:
    """How long a mail waits after its n-th try: 5, 10, 20, 40, then 67 minutes, up to a fifth longer (`jitter` in 0..1)."""
    return work_loop.backoff(attempts, FIRST_WAIT, LONGEST_WAIT, jitter)


def rest(failures: int, jitter: float, *, replied: bool = True) -> timedelta:
    """How long a worker leaves a server alone that could not be reached n times in a row: 2 seconds, doubling up to 5 minutes where the
    server said that it cannot take mails now, else up to 25 seconds."""
    return work_loop.backoff(failures, FIRST_REST, LONGEST_REST if replied else SILENT_REST, jitter)


class Sign(Protocol):
    """What is done to a mail just before it is handed over."""

    def __call__(self, sender: str, recipient: str, raw: bytes, /, *, must_encrypt: bool = False) -> bytes: ...


def _unsigned(_sender: str, _recipient: str, raw: bytes, /, *, must_encrypt: bool = False) -> bytes:
    if must_encrypt:
        raise Permanent("nothing here encrypts mails")
    return raw


def must_encrypt(notification: Notification) -> bool:
    """Whether the mail goes out encrypted or not at all, because the agent who wrote it wants that."""
    return isinstance(notification.payload, Answered) and notification.payload.encrypted


class DeliveryWorker:
    """Delivers mails by one transport; belongs to one thread.

    `view` loads what a template may show.  `failed` is called in the transaction in which a notification fails, so that those concerned are
    notified; `held` when the breaker for automatic mail holds one back until the given time.
    """

    def __init__(
        self,
        store: Store,
        transport: Transport,
        renderer: Renderer,
        clock: Clock,
        *,
        desk: Callable[[], Desk],
        view: Callable[[Tx, Notification, Desk], TemplateContext],
        failed: Callable[[Tx, Queued, str], None],
        held: Callable[[Tx, Queued, datetime], None] = lambda _tx, _queued, _until: None,
        jitter: Callable[[], float] = random,
        report: Callable[[str, timedelta], None] = lambda _trouble, _wait: None,
        pace: Pace | None = None,
        senders: Callable[[], Senders | None] = lambda: None,
        is_steady: Callable[[], bool] = lambda: True,
        monotonic: Callable[[], float] = monotonic,
        sign: Sign = _unsigned,
        owner: Callable[[], str] = work_loop.process_name,
    ) -> None:
        """`sign` gets sender, recipient and mail just before it is handed over; it raises Permanent where a key cannot be used, or
        where the mail must be encrypted and cannot be.

        `senders`: whose mails this worker delivers at the moment, None: everybody's.
        `owner` gives what the names of the lease owners of this process begin with.

        `report` gets after each mail why the server could not be reached and how long it is left alone; '' otherwise.
        `is_steady`: whether the wall clock was not set a moment ago.  Until a step is handled, leases of others seem to have ended.
        """
        self._report, self._is_steady, self._monotonic = report, is_steady, monotonic
        self._store, self._transport, self._clock, self._desk = store, transport, clock, desk
        self._renderer = NotificationRenderer(renderer, clock, desk=desk, view=view)
        self._failed, self._held, self._jitter = failed, held, jitter
        self._pace, self._senders, self._sign = pace or Pace(0), senders, sign
        self._process = owner
        self._owner = ""  # of the claim that is worked off
        self._unrecorded: list[Callable[[Tx], object]] = []
        self._absences = 0
        self._resting_until: float | None = None  # by the monotonic clock
        self._dotted_at: float | None = None  # by the monotonic clock; while the answer to the final dot is waited for
        self._succeeded_at = -inf

    def run(self, stop: Event, wake: Event) -> None:
        """Delivers until `stop`; sleeps until `wake` or a second has passed when there is nothing to do."""
        work_loop.work(lambda: self.one_turn(stop), stop, wake, log)
        self._transport.close()

    @property
    def waits_at_dot(self) -> float:
        """Seconds for which the answer to a final dot has been waited for; 0 where none is.  For any thread."""
        dotted_at = self._dotted_at
        return self._monotonic() - dotted_at if dotted_at is not None else 0.0

    @property
    def since_success(self) -> float:
        """Seconds since the server took a mail; infinite where it took none yet.  For any thread."""
        return self._monotonic() - self._succeeded_at

    def give_back_rest(self) -> None:
        """Mails that this worker has claimed and not begun can be claimed by others.  For any thread.  Raises StoreAway.

        Should it come to one of them all the same, it finds before the dot that the mail is no longer its own.
        """
        if self._dotted_at is not None:
            with self._store.write() as tx:
                if tx.outbox.release(self._owner):
                    tx.wake("outbox")

    def look_again(self) -> None:
        """A server that could not be reached is tried at the next turn.  May be called from any thread."""
        self._absences, self._resting_until = 0, None

    def one_turn(self, stop: Event | None = None) -> int:
        """Delivers some notifications that are due; how many.  Raises StoreAway; what was sent before is recorded later then."""
        now = self._clock.now()
        self._record_changes()
        if not self._is_steady() or (self._resting_until is not None and self._monotonic() < self._resting_until):
            return 0
        free = self._pace.take(BATCH, now)
        if not free:
            return 0
        claimed: list[Queued] = []
        try:
            claimed = self._claim(free, now)
        finally:
            self._pace.give_back(free - len(claimed))
        if not claimed:
            return 0
        crash.point("outbox.claimed")
        try:
            self._work_off(claimed, stop)
        except StoreAway:
            self._unrecorded.append(lambda tx: tx.outbox.release(self._owner))
            raise
        return len(claimed)

    def _claim(self, most: int, now: datetime) -> list[Queued]:
        """Mails whose time has come, at most `most`; they are ours until the lease ends."""
        senders = self._senders()
        if senders is not None and not senders.addresses and not senders.others:
            return []
        with self._store.read() as tx:
            if not tx.outbox.by(senders).is_due(now):
                return []
        self._owner = work_loop.new_owner(self._process())
        try:
            with self._store.write() as tx:
                for queued in tx.outbox.lost(now):
                    if tx.outbox.fail(queued.id, OUTCOME_UNKNOWN, now):
                        self._notify_failure(tx, queued, OUTCOME_UNKNOWN)
                return tx.outbox.by(senders).claim(self._owner, most, LEASE, now)
        except StoreAway:
            self._unrecorded.append(lambda tx: tx.outbox.release(self._owner))  # it may have been committed all the same
            raise

    def _work_off(self, claimed: Sequence[Queued], stop: Event | None) -> None:
        ready = self._render(claimed)
        crash.point("outbox.rendered")
        for number, queued in enumerate(ready, start=1):
            began = self._monotonic()
            away = self._deliver(queued)
            slow = self._monotonic() - began > SLOW.total_seconds()
            if (away or slow or (stop is not None and stop.is_set())) and number < len(ready):
                # What was not begun can be claimed by anybody at once, and those tries do not count.
                self._change(lambda tx: tx.outbox.release(self._owner))
                return

    # -- rendering ------------------------------------------------------------------------------------------------

    def _render(self, claimed: Sequence[Queued]) -> list[Queued]:
        """The notifications that can be sent now, rendered and stored; the result of the others is recorded."""
        ready: list[Queued] = []
        results: list[tuple[Queued, RenderResult]] = []
        for queued in claimed:
            with self._store.read() as tx:
                result = self._renderer.render(tx, queued) if queued.rendered is None else self._renderer.hidden(tx, queued)
            if result is not None:
                results.append((queued, result))
            else:
                ready.append(queued)
            if sum(len(result.raw) for _, result in results if isinstance(result, Rendered)) > IN_HAND:
                ready += self._store_rendered(results)
                results = []
        return ready + self._store_rendered(results)

    def _store_rendered(self, results: Sequence[tuple[Queued, RenderResult]]) -> list[Queued]:
        """Stores all in one transaction; those that can be sent, with the rendered mail where it is small."""
        if not results:
            return []
        lost: set[int] = set()
        with self._store.write() as tx:
            for queued, result in results:
                try:
                    self._note(tx, queued, result, self._clock.now())
                except LeaseLost:  # nothing was changed for this one
                    log.warning("mail_lease_lost", **_about(queued))
                    lost.add(queued.id)
        ready = [(queued, result.raw) for queued, result in results if isinstance(result, Rendered) and queued.id not in lost]
        return [replace(queued, rendered=raw if len(raw) <= IN_HAND else None) for queued, raw in ready]

    def _note(self, tx: Tx, queued: Queued, result: RenderResult, now: datetime) -> None:
        match result:
            case Rendered(raw=raw):
                tx.outbox.mark_rendered(queued.id, raw, owner=self._owner)
            case limits.Suppressed(reason=reason):
                tx.outbox.suppress(queued.id, reason, now, owner=self._owner)
                log.info("mail_suppressed", **_about(queued), reason=reason)
            case limits.KeepBack(reason=reason):
                tx.outbox.keep_back(queued.id, reason, owner=self._owner)
                log.warning("mail_kept_back", **_about(queued), reason=reason)
            case limits.Postponed(until=until, reason=reason):
                tx.outbox.defer(queued.id, until, reason, owner=self._owner)
                self._held(tx, queued, until)
                log.warning("mail_held", **_about(queued), reason=reason)
            case Retry(reason=reason):
                tx.outbox.defer(queued.id, now + backoff(queued.attempts, self._jitter()), reason, owner=self._owner)
            case PermanentFailure(reason=reason):
                self._fail(tx, queued, reason, now)
            case _:
                assert_never(result)

    # -- sending --------------------------------------------------------------------------------------------------

    def _deliver(self, queued: Queued) -> bool:
        """Sends one mail and records the result; true where the server cannot be reached for any mail now."""
        _, sender = self._desk().config.desk.sent_as(queued.notification.sender)
        recipient, dotted = deliverable(queued.notification.recipient), Event()
        try:
            with logs.bound(trace=queued.trace):
                raw = self._sign(sender, recipient, self._rendered_mail(queued), must_encrypt=must_encrypt(queued.notification))
                with telemetry.span("delivery", kind=queued.notification.event, size=len(raw), attempt=queued.attempts) as about:
                    outcome = self._transport.send(sender, recipient, raw, lambda: self._mark_dot(queued, dotted))
                    about.update(outcome=_OUTCOMES[type(outcome)], outbox=queued.id)
        except Permanent as error:  # a key of the desk's cannot be used: the mail waits, for it does not go out without
            outcome = Deferred(reply=error.what)
            self._tell_waiting(queued, error.what)
        except LeaseLost:
            log.warning("mail_lease_lost", **_about(queued))
            return False
        except StoreAway:
            if not dotted.is_set():
                self._take_back_dot(queued)
            raise
        except Exception as error:  # a bug of ours or of the client library: it must not end the thread
            log.exception("sending_failed", outbox=queued.id, trace=queued.trace)
            self._transport.close()
            reason = f"{type(error).__name__}: {error}"
            outcome = Unknown(reply=reason) if dotted.is_set() else Deferred(reply=reason)
        finally:
            self._dotted_at = None
        crash.point("outbox.before_sent")
        self._record(queued, outcome)
        crash.point("outbox.after_sent")
        return isinstance(outcome, Deferred) and outcome.away

    def _tell_waiting(self, queued: Queued, reason: str) -> None:
        """The people in charge read once that an answer waits because it cannot be encrypted."""
        if queued.attempts == 1 and queued.notification.event == "answered" and reason.startswith(NOT_ENCRYPTED):
            self._change(lambda tx: self._notify_failure(tx, queued, reason))

    def _rendered_mail(self, queued: Queued) -> bytes:
        if queued.rendered is not None:
            return queued.rendered
        with self._store.read() as tx:
            stored = tx.outbox.get(queued.id)
        if stored is None or stored.rendered is None:
            raise LeaseLost(outbox=queued.id)
        return stored.rendered

    def _mark_dot(self, queued: Queued, dotted: Event) -> None:
        crash.point("outbox.before_dot")
        with self._store.write() as tx:
            tx.outbox.mark_dot(queued.id, self._owner, self._clock.now(), lease=DOT_LEASE)
        dotted.set()
        self._dotted_at = self._monotonic()
        crash.point("outbox.dot_committed")

    def _take_back_dot(self, queued: Queued) -> None:
        """The state DOT may have been committed, with a lost answer to the commit.  The dot was not sent, so nothing is unknown."""
        moment = self._clock.now()
        self._unrecorded.append(lambda tx: tx.outbox.not_dotted(queued.id, moment, owner=self._owner))

    def _record(self, queued: Queued, outcome: Outcome) -> None:
        now = self._clock.now()
        self._note_absence(outcome)
        match outcome:
            case Delivered(reply=reply):
                self._succeeded_at = self._monotonic()
                self._change(lambda tx: tx.outbox.sent(queued.id, now, reply, owner=self._owner))
                log.info("mail_sent", **_about(queued), tries=queued.attempts, repeated=queued.repeated)
            case Refused(code=code, reply=reply):
                self._change(lambda tx: self._fail(tx, queued, f"{code or ''} {reply}".strip(), now))
            case Deferred():
                self._defer(queued, outcome, now)
            case Withheld():
                self._change(lambda tx: tx.outbox.keep_in_shadow(queued.id, owner=self._owner))
                log.info("mail_withheld", **_about(queued))
            case Unknown(reply=reply) if queued.repeated:
                self._change(lambda tx: self._fail(tx, queued, f"the server gave no reply, twice; it may have arrived: {reply}", now))
            case Unknown(reply=reply):
                # The row stays in state DOT: it is claimed once more when the server can have no reply left to send.
                log.warning("mail_outcome_unknown", **_about(queued), reply=reply)
            case _:
                assert_never(outcome)

    def _defer(self, queued: Queued, outcome: Deferred, now: datetime) -> None:
        reason = f"{outcome.code or ''} {outcome.reply}".strip()
        if now - queued.created_at >= GIVE_UP:
            self._change(lambda tx: self._fail(tx, queued, f"gave up after {GIVE_UP.days} days: {reason}", now))
            return
        wait = backoff(queued.attempts, self._jitter())
        rests_until = self._resting_until
        again = now + (timedelta(seconds=max(0.0, rests_until - self._monotonic())) if outcome.away and rests_until is not None else wait)
        self._change(lambda tx: tx.outbox.defer(queued.id, again, reason, owner=self._owner))
        log.info("mail_deferred", **_about(queued), reason=reason, again=again.isoformat())

    def _fail(self, tx: Tx, queued: Queued, reason: str, now: datetime) -> None:
        """The notification fails; those concerned are notified in the same transaction, by one caller only."""
        if tx.outbox.fail(queued.id, reason, now, owner=self._owner):
            self._notify_failure(tx, queued, reason)
            log.warning("mail_failed", **_about(queued), reason=reason)

    def _notify_failure(self, tx: Tx, queued: Queued, reason: str) -> None:
        """Notifies those concerned, in the transaction of the failure.

        An error does not undo the failure: the ticket may be changed by another process at this moment (the second attempt succeeds then),
        or not exist any more.
        """
        for _ in range(FAILURE_ATTEMPTS):
            try:
                with tx.savepoint(), tx.caused_by(queued.trace):
                    self._failed(tx, queued, reason)
                return
            except StoreAway:
                raise
            except Exception:
                log.exception("failure_not_notified", **_about(queued))

    def _note_absence(self, outcome: Outcome) -> None:
        if isinstance(outcome, Withheld):  # it says nothing about the server
            return
        if isinstance(outcome, Deferred) and outcome.away:
            self._absences += 1
            pause = rest(self._absences, self._jitter(), replied=bool(outcome.code))
            self._resting_until = self._monotonic() + pause.total_seconds()
            self._report(f"{outcome.code or ''} {outcome.reply}".strip(), pause)
            return
        self._absences, self._resting_until = 0, None
        if not isinstance(outcome, Unknown) and not (isinstance(outcome, Deferred | Refused) and not outcome.code):
            self._report("", timedelta(0))  # without a code there was no answer: the reason was known before

    def _change(self, change: Callable[[Tx], object]) -> None:
        """The change is committed, or recorded as soon as the database is back.  It is dropped where another worker has the mail now."""
        self._unrecorded.append(change)
        self._record_changes()

    def _record_changes(self) -> None:
        while self._unrecorded:
            try:
                with self._store.write() as tx:
                    self._unrecorded[0](tx)
            except LeaseLost as error:
                log.warning("lease_lost", error=str(error))
            del self._unrecorded[0]


def _about(queued: Queued) -> dict[str, object]:
    """What a log line says of a notification: no address, no text."""
    notification = queued.notification
    return {
        "outbox": queued.id,
        "trace": queued.trace,
        "ticket": notification.ticket,
        "what": f"{notification.audience}.{notification.event}",
        "to": logs.who(notification.recipient),
    }
