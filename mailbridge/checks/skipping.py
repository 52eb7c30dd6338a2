"""A scanner that does not answer several times in a row is skipped for a minute, so that it does not hold up every mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Lock
from time import monotonic
from typing import TypeVar

from mailbridge.checks.scan import NotScanned, ScanFault

MOST = 3  # silences in a row
SHORT = 1.0  # seconds; a refusal that comes sooner holds nothing up
PAUSE = timedelta(minutes=1)

Result = TypeVar("Result")


class SkippedScanner:
    """Asks one scanner.  Thread-safe.  After PAUSE one mail is given to it as a probe; the others wait for nothing meanwhile."""

    def __init__(self, name: str, report: Callable[[str, str], None], now: Callable[[], float] = monotonic) -> None:
        """`report` gets the name of the source and why it is skipped; '' when it answers again."""
        self._name, self._report, self._now = name, report, now
        self._lock = Lock()
        self._silences = 0
        self._skipped_until = 0.0

    def ask(self, scan: Callable[[], Result]) -> Result:
        """The result of the scan.  Raises NotScanned, at once where the scanner is skipped."""
        self._allow()
        began = self._now()
        try:
            result = scan()
        except NotScanned as none:
            if none.fault is not ScanFault.NEVER and self._now() - began >= SHORT:
                self._was_silent(str(none))
            raise
        self._has_answered()
        return result

    def look_again(self) -> None:
        """The next mail is a probe: the scanner seems to be back."""
        with self._lock:
            self._skipped_until = 0.0

    def _allow(self) -> None:
        with self._lock:
            if self._silences < MOST:
                return
            if self._now() < self._skipped_until:
                raise NotScanned(f"{self._name} is skipped: it did not answer {MOST} times in a row", ScanFault.AWAY)
            self._skipped_until = self._now() + PAUSE.total_seconds()  # this mail is the probe

    def _was_silent(self, reason: str) -> None:
        with self._lock:
            self._silences += 1
            if self._silences < MOST:
                return
            self._skipped_until = self._now() + PAUSE.total_seconds()
        self._report(self._name, f"{reason}; it is skipped for a minute at a time until it answers")

    def _has_answered(self) -> None:
        with self._lock:
            was_skipped, self._silences = self._silences >= MOST, 0
        if was_skipped:
            self._report(self._name, "")
