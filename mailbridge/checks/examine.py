"""The checks of a portion of mails, several at a time, before the transaction that files them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

from mailbridge.intake.envelope import Envelope
from mailbridge.message.model import Message, Sender

THREADS = 8  # mails looked at together; they wait for others, they do not work


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A mail with what was found out about it."""

    message: Message


class ChecksSenders(Protocol):
    """`checks.authenticity.Authenticity` is one; named here so that its packages are loaded where they are used only."""

    def sender(self, claimed: Sender, raw: bytes, envelope: Envelope) -> Sender: ...


class Examiner:
    """Every check that is configured.  Its threads start with the first mail; `close` ends them."""

    def __init__(self, *, authenticity: ChecksSenders | None = None, now: Callable[[], float]) -> None:
        self._authenticity, self._now = authenticity, now
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="check")

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)

    def until(self, seconds: float) -> float:
        """The moment `seconds` from now, for `examine`."""
        return self._now() + seconds

    def examine(self, mails: Sequence[tuple[Message, Envelope]], load: Callable[[int], bytes], *, until: float) -> list[Examined | None]:
        """The mails in order, each checked; None for one whose turn did not come before `until`: it has to come again.

        `load` gives a mail's raw bytes by its index and is called from other threads.  Raises what it raises.
        """

        def one(index: int) -> Examined | None:
            return self._one(*mails[index], load(index)) if self._now() < until else None

        return list(self._threads.map(one, range(len(mails))))

    def _one(self, message: Message, envelope: Envelope, raw: bytes) -> Examined:
        if self._authenticity is not None:
            message = replace(message, sender=self._authenticity.sender(message.sender, raw, envelope))
        return Examined(message=message)
