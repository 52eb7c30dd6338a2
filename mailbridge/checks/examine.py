"""The checks of a portion of mails, several at a time, before the transaction that files them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Protocol

from mailbridge.checks.scan import NotScanned, Scan, Silence, Spam
from mailbridge.message.envelope import Envelope
from mailbridge.message.model import Message, Sender

THREADS = 8  # mails looked at together; they wait for others, they do not work


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A mail with what was found out about it."""

    message: Message
    scan: Scan = field(default_factory=Scan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexamined:
    """A check stumbled over the mail: a mistake of ours, which must not stop the mails beside it."""

    reason: str


class ChecksSenders(Protocol):
    """`checks.authenticity.Authenticity` is one; named here so that its packages are loaded where they are used only."""

    def sender(self, claimed: Sender, raw: bytes, envelope: Envelope) -> Sender: ...


class FindsViruses(Protocol):
    """`checks.clamd.Clamd` is one."""

    def scan(self, raw: bytes) -> str: ...


class ScoresSpam(Protocol):
    """`checks.rspamd.Rspamd` is one."""

    def score(self, raw: bytes, envelope: Envelope) -> Spam: ...


class Examiner:
    """Every check that is configured.  Its threads start with the first mail; `close` ends them."""

    def __init__(
        self,
        *,
        authenticity: ChecksSenders | None = None,
        viruses: FindsViruses | None = None,
        spam: ScoresSpam | None = None,
        now: Callable[[], float],
    ) -> None:
        self._authenticity, self._viruses, self._spam, self._now = authenticity, viruses, spam, now
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="check")

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)

    def until(self, seconds: float) -> float:
        """The moment `seconds` from now, for `examine`."""
        return self._now() + seconds

    def examine(
        self, mails: Sequence[tuple[Message, Envelope]], load: Callable[[int], bytes], *, until: float
    ) -> list[Examined | Unexamined | None]:
        """The mails in order, each checked; None for one whose turn did not come before `until`: it has to come again.

        `load` gives a mail's raw bytes by its index and is called from other threads.  Raises what it raises.
        """

        def one(index: int) -> Examined | Unexamined | None:
            if self._now() >= until:
                return None
            raw = load(index)
            try:
                return self._one(*mails[index], raw)
            except Exception as error:  # no check raises on account of a mail, but for our mistakes
                return Unexamined(reason=f"{type(error).__name__}: {error}")

        return list(self._threads.map(one, range(len(mails))))

    def _one(self, message: Message, envelope: Envelope, raw: bytes) -> Examined:
        if self._authenticity is not None:
            message = replace(message, sender=self._authenticity.sender(message.sender, raw, envelope))
        return Examined(message=message, scan=self._scan(raw, envelope))

    def _scan(self, raw: bytes, envelope: Envelope) -> Scan:
        virus, spam, silences = None, None, list[Silence]()
        if self._viruses is not None:
            try:
                virus = self._viruses.scan(raw)
            except NotScanned as none:
                silences.append(Silence(kind="virus", reason=str(none), fault=none.fault))
        if self._spam is not None:
            try:
                spam = self._spam.score(raw, envelope)
            except NotScanned as none:
                silences.append(Silence(kind="spam", reason=str(none), fault=none.fault))
        return Scan(virus=virus, spam=spam, silences=tuple(silences))
