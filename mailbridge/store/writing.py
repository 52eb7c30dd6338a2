"""Remembers whether the database takes writes.  Reads alone do not show it: a full disk can still be read."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic

HOLD = 30.0  # seconds after a failed write in which a write that succeeds proves nothing: a small one may fit where a mail does not


class WriteHealth:
    """Whether the last writes of this process succeeded.  Thread-safe."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._reason, self._failed_at = "", 0.0

    def failed(self, reason: str) -> None:
        """A write failed."""
        with self._lock:
            self._reason, self._failed_at = reason or "no reason was given", self._clock()

    def worked(self) -> None:
        """A change was committed."""
        if self._reason:
            with self._lock:
                if self._clock() - self._failed_at >= HOLD:
                    self._reason = ""

    @property
    def trouble(self) -> str:
        """Why writes fail; '' where they succeed."""
        return self._reason
