"""How many mails a minute may be sent, where the provider has a limit: a token bucket that all senders of a process share."""

from __future__ import annotations

from datetime import datetime
from threading import Lock

BURST = 5  # mails at once


class Pace:
    """At most `per_minute` mails in any minute; 0: any number.  Any number of threads may ask."""

    def __init__(self, per_minute: int) -> None:
        # Full, the bucket adds its burst to what runs in within the minute.
        self._burst = float(min(BURST, per_minute))
        self._rate = (per_minute - self._burst) / 60  # mails a second
        self._limited = per_minute > 0
        self._free = self._burst
        self._at: datetime | None = None
        self._lock = Lock()

    def take(self, most: int, now: datetime) -> int:
        """How many of `most` mails may be sent now; they count as sent."""
        if not self._limited:
            return most
        with self._lock:
            passed = max(0.0, (now - self._at).total_seconds()) if self._at is not None else 0.0
            self._free = min(self._burst, self._free + passed * self._rate)
            self._at = now
            taken = min(most, int(self._free))
            self._free -= taken
            return taken

    def give_back(self, mails: int) -> None:
        """So many were not sent after all."""
        with self._lock:
            self._free = min(self._burst, self._free + mails)
