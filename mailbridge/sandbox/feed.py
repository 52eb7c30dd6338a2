"""Reads calendar feeds in a child process with limits on time and memory: a recurrence rule without any date can run for minutes."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from typing import Any

MEMORY = 1 << 30  # bytes of address space
SECONDS = 60  # of CPU time
LONGEST = 180.0  # seconds of wall clock time
MOST_SAID = 16 << 20  # most bytes of the answer


class FeedUnreadable(Exception):
    """The feed cannot be read.  The text says why.  `details`: for the log, what the child wrote."""

    def __init__(self, why: str, details: str = "") -> None:
        super().__init__(why)
        self.details = details


def read_feed(content: bytes, first: date, last: date, *, memory: int = MEMORY, seconds: int = SECONDS) -> dict[str, Any]:
    """Closed times from `first` to `last`: `days`, `spans`, `floating` (ISO 8601), `events`, `skipped`.  Raises FeedUnreadable."""
    command = [sys.executable, "-m", "mailbridge.sandbox.feed_child", first.isoformat(), last.isoformat(), str(memory), str(seconds)]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=LONGEST, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise FeedUnreadable(f"reading it took longer than {LONGEST:.0f} s") from None
    if done.returncode < 0:
        raise FeedUnreadable(f"reading it took longer than {seconds} s of processor time")
    if done.returncode or len(done.stdout) > MOST_SAID:
        details = done.stderr.decode("utf-8", "replace")[-2000:]
        raise FeedUnreadable("it has something that mailbridge cannot read; the log has the details under feed_failed", details)
    found: dict[str, Any] = json.loads(done.stdout)
    if "error" in found:
        raise FeedUnreadable(found["error"])
    return found
