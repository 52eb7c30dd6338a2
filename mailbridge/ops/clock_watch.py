"""Notices when the wall clock of the machine is set, or when the machine has slept: it then differs from the monotonic clock by a step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic

LEAST = timedelta(seconds=5)  # smaller steps change nothing; a clock that is slewed by NTP moves by less than a millisecond a second
_CLOSE = 0.5  # seconds between the two readings of the monotonic clock around one reading of the wall clock
_READINGS = 10


class ClockWatch:
    """Compares the wall clock with the monotonic clock.  Thread-safe."""

    def __init__(self, now: Callable[[], datetime], monotonic: Callable[[], float] = monotonic) -> None:
        self._now, self._monotonic = now, monotonic
        self._lock = Lock()
        self._offset = self._read()

    def look(self) -> timedelta | None:
        """The step since the last look, negative where the clock was set back; None where it is smaller than LEAST."""
        with self._lock:
            offset = self._read()
            step = timedelta(seconds=offset - self._offset)
            self._offset = offset
        return step if abs(step) >= LEAST else None

    def is_steady(self) -> bool:
        """Whether the clock was not set since the last look."""
        return abs(self._read() - self._offset) < LEAST.total_seconds()

    def _read(self) -> float:
        """Seconds between the two clocks.  The thread may be suspended between two readings, so a reading that took long is repeated."""
        for _ in range(_READINGS):
            before = self._monotonic()
            wall = self._now().timestamp()
            after = self._monotonic()
            if after - before < _CLOSE:
                break
        return wall - after
