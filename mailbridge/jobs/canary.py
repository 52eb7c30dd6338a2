"""Sends a mail from the desk to itself at intervals, and raises an alarm when one does not come back (docs/adr/0060).

State is in the store, so a restart between sending and receiving changes nothing, and of several processes one sends and one tells.  How
long a mail has been waited for is measured by the monotonic clock of the process that judges: a step of the wall clock raises no alarm, and
a desk that was stopped gets time to fetch what waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Protocol

from mailbridge.clock import Clock
from mailbridge.config.model import CanarySettings
from mailbridge.conversation import canary
from mailbridge.conversation.canary import CanaryAlarm, CanaryWatch, SentCanary
from mailbridge.ids import Chance, system_chance
from mailbridge.ops import log as logs
from mailbridge.store.engine import Store

GRACE = timedelta(minutes=2)  # after a start, for mail that waits
TELL_AGAIN = timedelta(minutes=1)
NONCE = 16  # bytes

log = logs.get("canary")


class Surroundings(Protocol):
    """What the canary needs of the world outside."""

    def hand_over(self, to: str, nonce: str, now: datetime) -> str:
        """Gives the mail to the outgoing server; why it was not taken, '' where it was."""
        ...

    def came(self, watch: CanaryWatch) -> None:
        """The way works."""
        ...

    def is_late(self, watch: CanaryWatch) -> None:
        """The way is broken."""
        ...

    def ways(self) -> Sequence[str]:
        """The ways by which an alarm is told."""
        ...

    def tell(self, way: str, watch: CanaryWatch, alarm: CanaryAlarm, now: datetime) -> str:
        """Tells the alarm; why that failed and may succeed later, '' where it was told."""
        ...


class Canaries:
    """The canaries of one desk.  Each address may be sent to by its own thread; one thread looks, and one tells."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        settings: CanarySettings,
        outside: Surroundings,
        *,
        monotonic: Callable[[], float] = monotonic,
        chance: Chance = system_chance,
    ) -> None:
        self._store, self._clock, self._settings, self._outside = store, clock, settings, outside
        self._monotonic, self._chance = monotonic, chance
        self._waited_for: dict[str, tuple[float, float]] = {}  # nonce -> seconds waited before this process saw it, and when it saw it
        self._known: dict[str, datetime | None] = {}  # address -> when the last canary came, as this process knows

    def send_due(self, to: str) -> int:
        """Sends a canary to this address if it is time; how many."""
        return 1 if self._send(to, self._settings.every) else 0

    def send_now(self, to: str) -> str:
        """Sends one beside the planned ones; its nonce."""
        return self._send(to, None)

    def _send(self, to: str, every: timedelta | None) -> str:
        now, nonce = self._clock.now(), self._chance(NONCE).hex()
        with self._store.write() as tx:
            watch = canary.clipped(canary.watch_of(to, tx.state.take(canary.watch_key(to), now)), now)
            if every is not None and not canary.is_due(watch, now, every):
                return ""
            tx.state.set(canary.watch_key(to), canary.stored_watch(canary.started(watch, nonce, now, every)), now)
        failure = self._outside.hand_over(to, nonce, now)
        if failure:
            log.warning("canary_not_sent", reason=failure)
        self._change(to, lambda watch, _now: canary.handed(watch, nonce, failure))
        return nonce

    def look(self, addresses: Sequence[str]) -> int:
        """Judges each address, and begins or ends its alarm; how many are late."""
        now = self._clock.now()
        with self._store.read() as tx:
            found = [canary.clipped(canary.watch_of(to, tx.state.get(canary.watch_key(to))), now) for to in addresses]
        self._see([one for watch in found for one in watch.under_way], now)
        return sum(self._look(watch, now) for watch in found)

    def _look(self, before: CanaryWatch, now: datetime) -> bool:
        why = canary.overdue(before, self._waited, self._settings.late_after)
        if canary.judged(before, why, now, self._outside.ways()) != before:
            before = self._change(before.to, self._judged)
        self._report(before)
        return before.late_since is not None

    def _judged(self, watch: CanaryWatch, now: datetime) -> CanaryWatch:
        why = canary.overdue(watch, self._waited, self._settings.late_after)
        judged = canary.judged(watch, why, now, self._outside.ways())
        if judged.late_since != watch.late_since:
            log.warning("canary_late" if judged.late_since else "canary_back", reason=judged.reason)
        return judged

    def _report(self, watch: CanaryWatch) -> None:
        came = watch.last.came if watch.last else None
        known = self._known.get(watch.to, came)
        self._known[watch.to] = came
        if watch.late_since is not None:
            self._outside.is_late(watch)
        elif came is not None and known != came:
            self._outside.came(watch)

    def tell(self, addresses: Sequence[str]) -> int:
        """Tells what is owed; how often an alarm was told.  It is told twice only if the process ends between telling and noting it."""
        return sum(self._tell(to) for to in addresses)

    def _tell(self, to: str) -> int:
        now = self._clock.now()
        with self._store.read() as tx:
            alarm = canary.watch_of(to, tx.state.get(canary.watch_key(to))).alarm
        if alarm is None or now < alarm.next_at <= now + TELL_AGAIN:
            return 0
        claimed: list[CanaryAlarm] = []

        def claim(watch: CanaryWatch, now: datetime) -> CanaryWatch:
            if watch.alarm != alarm:
                return watch
            claimed.append(alarm)
            return replace(watch, alarm=replace(alarm, next_at=now + TELL_AGAIN))

        watch = self._change(to, claim)
        return sum(self._told(to, watch, claimed[-1], way) for way in claimed[-1].owed) if claimed else 0

    def _told(self, to: str, watch: CanaryWatch, alarm: CanaryAlarm, way: str) -> int:
        if trouble := self._outside.tell(way, watch, alarm, self._clock.now()):
            log.warning("canary_alarm_not_told", way=way.partition(":")[0], reason=trouble)
            return 0
        self._change(to, lambda watch, _now: canary.told_by(watch, alarm.key, way))
        return 1

    def _change(self, to: str, change: Callable[[CanaryWatch, datetime], CanaryWatch]) -> CanaryWatch:
        """Changes what is stored of the address, while nobody else does."""
        now = self._clock.now()
        with self._store.write() as tx:
            watch = canary.clipped(canary.watch_of(to, tx.state.take(canary.watch_key(to), now)), now)
            changed = change(watch, now)
            tx.state.set(canary.watch_key(to), canary.stored_watch(changed), now)
        return changed

    def _see(self, under_way: Sequence[SentCanary], now: datetime) -> None:
        """Begins to measure how long each of these has been waited for, and forgets all others."""
        most = self._settings.late_after - min(GRACE, self._settings.late_after / 2)
        new = {one.nonce: (min(now - one.at, most).total_seconds(), self._monotonic()) for one in under_way}
        self._waited_for = {nonce: self._waited_for.get(nonce, first) for nonce, first in new.items()}

    def _waited(self, one: SentCanary) -> timedelta:
        """How long it has been waited for; none for one that this process has not seen yet."""
        before, since = self._waited_for.get(one.nonce, (0.0, self._monotonic()))
        return timedelta(seconds=before + self._monotonic() - since)
