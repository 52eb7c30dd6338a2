"""Which webhook servers can be called now: at most one call of this process is in progress at each, and one that does not answer rests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import random
from threading import Lock
from time import monotonic

from mailbridge.ops import work_loop

FIRST_REST, LONGEST_REST = timedelta(seconds=2), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Rest:
    failures: int
    until: float  # by the monotonic clock


class CalledServers:
    """What the threads of a process that call webhooks share.  A server is named by the begin of its URLs, up to the path."""

    def __init__(self, monotonic: Callable[[], float] = monotonic, jitter: Callable[[], float] = random) -> None:
        self._monotonic, self._jitter = monotonic, jitter
        self._lock = Lock()
        self._busy: set[str] = set()
        self._rests: dict[str, _Rest] = {}
        self.choosing = Lock()  # held from the choice of a server until `take`

    def unavailable(self) -> tuple[str, ...]:
        """The servers that are called by another thread, or rest."""
        now = self._monotonic()
        with self._lock:
            return tuple(sorted(self._busy | {name for name, rest in self._rests.items() if now < rest.until}))

    def take(self, server: str) -> None:
        """The server is called by this thread, until `give_back`."""
        with self._lock:
            self._busy.add(server)

    def give_back(self, server: str, *, answered: bool) -> None:
        """The server can be called again: at once, or after 2 seconds and twice as long each time, up to a minute, where it was silent."""
        with self._lock:
            self._busy.discard(server)
            if answered:
                self._rests.pop(server, None)
                return
            failures = self._rests[server].failures + 1 if server in self._rests else 1
            pause = work_loop.backoff(failures, FIRST_REST, LONGEST_REST, self._jitter())
            self._rests[server] = _Rest(failures, self._monotonic() + pause.total_seconds())

    def look_again(self) -> None:
        """No server rests any more."""
        with self._lock:
            self._rests.clear()
