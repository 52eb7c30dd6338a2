"""Collects the reports about sources in a process.  Thread-safe.  Writes to the store on a change, else once a minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from mailbridge.clock import Clock
from mailbridge.errors import StoreAway
from mailbridge.ops import log as logs
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx

SELDOM = timedelta(minutes=1)
LONGEST = 300  # characters of a reason or a proof

log = logs.get("health")


@dataclass(frozen=True, slots=True)
class _Written:
    reason: str  # '' for a proof
    at: datetime


class Board:
    """A report never blocks the reporting part: while the store is away it is lost, and the next one counts."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._written: dict[str, _Written] = {}
        self._lock = Lock()

    def proven(self, source: str, proof: str) -> bool:
        """The source was seen to work; `proof`: by what.  Whether it failed before."""
        now = self._clock.now()
        return self._report(source, "", now, lambda tx: tx.sources.proven(source, proof[:LONGEST], now))

    def failed(self, source: str, reason: str, wait: float | None = None) -> None:
        """The source failed; the next try is in `wait` seconds."""
        now = self._clock.now()
        said = " ".join(reason.split())[:LONGEST] or "no reason was given"
        again = now + timedelta(seconds=wait) if wait is not None else None
        self._report(source, said, now, lambda tx: tx.sources.failed(source, said, now, again))

    def proven_within(self, source: str, time: timedelta) -> bool:
        """Whether this process reported the source as working recently."""
        with self._lock:
            last = self._written.get(source)
        return last is not None and not last.reason and abs(self._clock.now() - last.at) < time

    def _report(self, source: str, reason: str, now: datetime, write: Callable[[Tx], None]) -> bool:
        """Writes what is new; whether the report is a proof after a failure."""
        with self._lock:
            last = self._written.get(source)
            if last is not None and last.reason == reason and abs(now - last.at) < SELDOM:
                return False
            self._written[source] = _Written(reason, now)
        if reason and (last is None or not last.reason):
            log.warning("source_fails", source=source, reason=reason)
        is_back = not reason and last is not None and bool(last.reason)
        if is_back:
            log.info("source_works_again", source=source)
        try:
            with self._store.write() as tx:
                write(tx)
        except StoreAway as error:
            log.warning("store_away", error=str(error))
            with self._lock:
                self._written.pop(source, None)
        return is_back
