"""The limits for reading one mail, and the reasons why a mail could not be read."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from mailbridge.sandbox.child import OUT_OF_MEMORY

START_SECONDS = 60.0  # time limit for the fork server, and for a child, to be ready


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingFailed:
    """The child died over this mail or exceeded a limit; `reason` says which ('more than 20 s', 'more than 512 MB', 'signal 11')."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """The limits for one mail: `seconds` of time, `memory` in bytes of address space."""

    seconds: float
    memory: int

    @property
    def too_long(self) -> str:
        return f"more than {self.seconds:g} s"

    @property
    def too_big(self) -> str:
        return f"more than {self.memory >> 20} MB"


def reason_of(code: int, limits: ReadLimits) -> str:
    """The reason for an exit code, for the mail that was being read."""
    if code == OUT_OF_MEMORY:
        return limits.too_big
    if -code in (signal.SIGXCPU, signal.SIGALRM):
        return limits.too_long
    return f"signal {-code}" if code < 0 else f"exit {code}"
