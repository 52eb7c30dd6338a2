"""Makes the calls that are queued: claim, sign, call, record.  What a crash at any line means stands in store/webhooks.py.

Some threads make calls, each at one server at a time, and at most one at each server: a silent server holds up its own calls only.

A call is made at least once.  Its key stays the same for all tries, the moment and the signature are of the try.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import random
from threading import Event
from urllib.parse import urlsplit

from mailbridge.clock import Clock
from mailbridge.config.model import WebhookSettings
from mailbridge.delivery.webhooks.address import NoAddress
from mailbridge.delivery.webhooks.allowed import NotAllowed
from mailbridge.delivery.webhooks.http import Caller, WebhookResponse
from mailbridge.delivery.webhooks.servers import LONGEST_REST, CalledServers
from mailbridge.delivery.webhooks.sign import headers
from mailbridge.errors import LeaseLost, StoreAway
from mailbridge.notifications.webhook_model import QueuedCall
from mailbridge.ops import crash, telemetry, work_loop
from mailbridge.ops import log as logs
from mailbridge.store.engine import Store
from mailbridge.store.webhooks import WebhookTable, server_of

BATCH = 10
THREADS = 4  # that call servers; `THREADS` silent ones at the same time hold up the others for one call
POLL = timedelta(seconds=2)  # between two looks; a new call rings
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
GIVE_UP = timedelta(days=2)
GONE = 410  # RFC 9110 15.5.11: it was there, is not any more, and will not be again

log = logs.get("webhooks")


def backoff(attempts: int, jitter: float) -> timedelta:
    """How long a call waits after its n-th try: 30 s, doubling up to an hour, up to a fifth longer (`jitter` in 0..1)."""
    return work_loop.backoff(attempts, FIRST_WAIT, LONGEST_WAIT, jitter)


class Webhooker:
    """Makes calls; belongs to one thread."""

    def __init__(
        self,
        store: Store,
        config: WebhookSettings,
        clock: Clock,
        *,
        caller: Caller | None = None,
        jitter: Callable[[], float] = random,
        report: Callable[[str, str], None] = lambda _host, _trouble: None,
        owner: Callable[[], str] = work_loop.process_name,
        address: Callable[[str], str] = lambda url: url,
        servers: CalledServers | None = None,
    ) -> None:
        """`owner` gives what the names of the lease owners of this process begin with.  `address` gives the web address of a stored one; it
        raises NoAddress.  `servers`: shared by all threads.

        `report` gets after each call which host was called and what failed, '' for nothing."""
        self._report, self._address = report, address
        self._servers = servers or CalledServers(lambda: clock.now().timestamp(), jitter)
        self._store, self._secret, self._clock, self._jitter = store, config.secret, clock, jitter
        self._caller = caller or Caller(config.hosts, time_limit=config.time_limit, ca_file=config.ca_file)
        self._lease = config.time_limit * BATCH * 2 + timedelta(minutes=1)
        self._process = owner
        self._owner = ""  # of the claim that is worked off
        self._broken_off: list[str] = []  # owners of turns that the store ended: their claims are given up

    def run(self, stop: Event, wake: Event) -> None:
        """Makes calls until `stop`; sleeps until `wake` or some seconds have passed when none is due."""
        work_loop.work(lambda: self.one_turn(stop), stop, wake, log, poll=POLL)

    def one_turn(self, stop: Event | None = None) -> int:
        """Makes some calls of one server whose time has come; how many.

        Raises StoreAway; what was not called is free again by the next turn.
        """
        self._owner = work_loop.new_owner(self._process())
        try:
            claimed = self._claim(stop)
            return self._work_off(claimed, stop) if claimed else 0
        except StoreAway:
            self._broken_off.append(self._owner)
            raise

    def _work_off(self, claimed: Sequence[QueuedCall], stop: Event | None) -> int:
        server, answered = server_of(claimed[0].call.url), True
        crash.point("webhooks.claimed")
        try:
            for number, queued in enumerate(claimed):
                if not answered or (stop is not None and stop.is_set()):
                    self._release()
                    break
                if number and not self._renewed(queued):
                    continue
                answered = self._call(queued)
        finally:
            self._servers.give_back(server, answered=answered)
        return len(claimed)

    def _claim(self, stop: Event | None) -> list[QueuedCall]:
        """Calls of one server that no other thread calls and that does not rest; none once `stop` is set."""
        with self._servers.choosing:
            if stop is not None and stop.is_set():
                return []
            without = self._servers.unavailable()
            with self._store.read() as tx:
                if not self._broken_off and not tx.webhooks.is_due_without(without, self._clock.now()):
                    return []
            with self._store.write() as tx:
                for earlier in self._broken_off:
                    tx.webhooks.release(earlier)
                claimed = tx.webhooks.claim_of_server(self._owner, BATCH, self._lease, self._clock.now(), without)
            self._broken_off.clear()
            if claimed:
                self._servers.take(server_of(claimed[0].call.url))
        return claimed

    def _call(self, queued: QueuedCall) -> bool:
        """Makes the call and records the result; whether the server answered in HTTP, or was not called."""
        call, body = queued.call, queued.call.body.encode()
        try:
            url = self._address(call.url)
        except NoAddress as error:
            self._not_called(queued, WebhookResponse(status=None, text=str(error)))
            return True
        try:
            with telemetry.span("webhook", self._trace(queued), kind=call.event, size=len(body), attempt=queued.attempts) as about:
                answer = self._caller.post(url, body, headers(self._secret, call.key, self._clock.now(), body))
                about.update(status=answer.status or 0)
        except NotAllowed as error:
            self._fail(queued, WebhookResponse(status=None, text=str(error)))
            return True
        crash.point("webhooks.called")
        answered = answer.status is not None and answer.status < 500
        self._report((urlsplit(url).hostname or "").lower(), "" if answered else _words(answer))
        if answer.status is not None and 200 <= answer.status < 300:
            if self._record(queued, lambda tx, now: tx.done(queued.id, self._owner, now, status=answer.status, answer=answer.text)):
                log.info("webhook_called", **_about(queued), status=answer.status)
        else:
            self._not_called(queued, answer)
        return answer.status is not None

    def _trace(self, queued: QueuedCall) -> str:
        """The id of the mail that caused the call; '' for one that a timer caused, and where nobody asks for spans."""
        if not telemetry.is_on():
            return ""
        mail = json.loads(queued.call.body).get("data", {}).get("mail")
        with self._store.read() as tx:
            stored = tx.mails.get(mail) if isinstance(mail, int) else None
            row = tx.inbox.get(stored.inbox) if stored and stored.inbox else None
        return row.envelope.trace if row else ""

    def _not_called(self, queued: QueuedCall, answer: WebhookResponse) -> None:
        """The call failed, and is made again where that can help."""
        if reason := self._permanent_failure(queued, answer):
            self._fail(queued, WebhookResponse(status=answer.status, text=reason))
        else:
            self._defer(queued, answer)

    def _permanent_failure(self, queued: QueuedCall, answer: WebhookResponse) -> str:
        """Why no further try is made; '' where one is."""
        if answer.status is not None and 300 <= answer.status < 400:
            return f"it answered {answer.status}: redirects are not followed, name the new address in the rule"
        if answer.status == GONE:
            return "it answered 410: the address is gone for good"
        if self._clock.now() - queued.created_at >= GIVE_UP:
            return f"gave up after {GIVE_UP.days} days: {_words(answer)}"
        return ""

    def _defer(self, queued: QueuedCall, answer: WebhookResponse) -> None:
        wait = backoff(queued.attempts, self._jitter())
        if answer.status is None:  # it rests, and the next call shows whether it is back
            wait = min(wait, LONGEST_REST)
        if answer.retry_after is not None:
            wait = min(max(wait, answer.retry_after), LONGEST_WAIT * 2)
        again = self._clock.now() + wait
        if self._record(queued, lambda tx, _now: tx.defer(queued.id, self._owner, again, status=answer.status, answer=_words(answer))):
            log.info("webhook_deferred", **_about(queued), reason=_words(answer), again=again.isoformat())

    def _fail(self, queued: QueuedCall, answer: WebhookResponse) -> None:
        if self._record(queued, lambda tx, now: tx.fail(queued.id, self._owner, now, status=answer.status, answer=answer.text)):
            log.warning("webhook_failed", **_about(queued), reason=answer.text)

    def _release(self) -> None:
        """The calls that were not begun can be claimed at once."""
        with self._store.write() as tx:
            tx.webhooks.release(self._owner)

    def _renewed(self, queued: QueuedCall) -> bool:
        """Whether the call is still ours.  The calls before it may have taken long, or the machine was suspended."""
        return self._record(queued, lambda tx, now: tx.renew(queued.id, self._owner, now, self._lease))

    def _record(self, queued: QueuedCall, change: Callable[[WebhookTable, datetime], None]) -> bool:
        """The change is committed; False, and nothing is changed, where another worker has the call now."""
        try:
            with self._store.write() as tx:
                change(tx.webhooks, self._clock.now())
        except LeaseLost:
            log.warning("webhook_lease_lost", **_about(queued))
            return False
        return True


def _words(answer: WebhookResponse) -> str:
    return f"{answer.status} {answer.text}".strip() if answer.status is not None else answer.text


def _about(queued: QueuedCall) -> dict[str, object]:
    """What a log line says of a call: no address with its path, which may be a secret, and no body."""
    return {"webhook": queued.id, "ticket": queued.call.ticket, "rule": queued.call.rule, "tries": queued.attempts}
