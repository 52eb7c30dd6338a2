"""A limit on the time that a whole exchange with a server may take.

A socket's timeout limits each single read: a server that sends a byte a second keeps every one of them within its limit and holds the
caller for ever.  One thread of the process watches all exchanges on the monotonic clock and cuts the connections of those that are late.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from threading import Condition, Thread
from time import monotonic


class TimeLimit:
    """A running exchange.  `over` is True from the moment its connection was cut."""

    __slots__ = ("_cut", "done", "over")

    def __init__(self, cut: Callable[[], None]) -> None:
        self._cut = cut
        self.done = False
        self.over = False

    def expire(self) -> None:
        """Cuts the connection.  An error of the cut changes nothing: the connection was closed meanwhile."""
        self.over = True
        with suppress(OSError, ValueError):
            self._cut()


class TimeLimits:
    """All running exchanges of a process.  Thread-safe.  Its thread starts with the first exchange."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._ends: list[tuple[float, int, TimeLimit]] = []  # a heap
        self._number = count()
        self._thread: Thread | None = None

    @contextmanager
    def within(self, seconds: float, cut: Callable[[], None]) -> Iterator[TimeLimit]:
        """Runs the block.  `cut` is called in another thread when the block takes longer than `seconds`: it must make the reads and
        writes of the block fail, and it must return at once."""
        limit = TimeLimit(cut)
        with self._changed:
            first = not self._ends or monotonic() + seconds < self._ends[0][0]
            heapq.heappush(self._ends, (monotonic() + seconds, next(self._number), limit))
            if self._thread is None or not self._thread.is_alive():  # a fork has copied this object without its thread
                self._thread = Thread(target=self._watch, name="time-limits", daemon=True)
                self._thread.start()
            elif first:
                self._changed.notify()
        try:
            yield limit
        finally:
            with self._changed:
                limit.done = True

    def cut_all(self) -> int:
        """Cuts the connections of all running exchanges, because the process ends; how many."""
        with self._changed:
            running = [limit for _, _, limit in self._ends if not (limit.done or limit.over)]
            for limit in running:
                limit.expire()
        return len(running)

    def _watch(self) -> None:
        while True:
            with self._changed:
                while not (late := self._next()):
                    self._changed.wait(self._ends[0][0] - monotonic() if self._ends else None)
                # Under the lock: a block that has ended meanwhile keeps its connection.
                late.expire()

    def _next(self) -> TimeLimit | None:
        """Takes the ended exchanges away; the first one that is late, or None."""
        while self._ends and (self._ends[0][2].done or self._ends[0][0] <= monotonic()):
            _, _, limit = heapq.heappop(self._ends)
            if not limit.done:
                return limit
        return None


_LIMITS = TimeLimits()
within, cut_all = _LIMITS.within, _LIMITS.cut_all
