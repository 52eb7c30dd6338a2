"""The parent's side: hands mails to child processes, kills those that exceed their time or memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from mailbridge.message.model import Message, ReadingPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingFailed:
    """The child died over this mail or exceeded a limit; `reason` says which ('more than 20 s', 'more than 512 MB', 'signal 11')."""

    reason: str


class Readers:
    """A pool of reading children, started when first needed and stopped when idle for `idle_after`.

    Thread-safe.  A mail that kills its child gives ReadingFailed; the next mail gets a fresh child.
    """

    def __init__(
        self,
        policy: ReadingPolicy,
        *,
        processes: int = 2,
        time_limit: timedelta = timedelta(seconds=20),
        memory_limit: int = 1 << 30,
        idle_after: timedelta = timedelta(minutes=5),
    ) -> None:
        raise NotImplementedError

    def read_many(
        self, count: int, load: Callable[[int], tuple[bytes, str | None]], done: Callable[[int, Message | ReadingFailed], None]
    ) -> None:
        """Read mails 0..count-1 in parallel.  `load(i)` gives (raw bytes, envelope sender or None) when a child is free for it,
        so that only a few raw mails are in memory; `done(i, result)` is called once for each, in any order, in this thread."""
        raise NotImplementedError

    def read(self, raw: bytes, envelope_from: str | None = None) -> Message | ReadingFailed:
        """Read one mail."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop all children."""
        raise NotImplementedError


