"""Checks a batch of mails, several at a time, before the transaction that places them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Protocol

from mailbridge.checks.scan import NotScanned, Scan, Silence, Spam
from mailbridge.checks.skipping import SkippedScanner
from mailbridge.errors import Transient
from mailbridge.message.envelope import Envelope
from mailbridge.message.model import Message, Sender

THREADS = 8  # mails checked at a time; the threads mostly wait for the network


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A mail with the results of its checks."""

    message: Message
    scan: Scan = field(default_factory=Scan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unexamined:
    """A check raised an internal error on the mail.  The other mails of the batch are not affected."""

    reason: str


class ChecksSenders(Protocol):
    """Implemented by `checks.authenticity.AuthenticityChecker`.  A protocol, so that its packages are imported only where they are used."""

    def sender(self, claimed: Sender, raw: bytes, envelope: Envelope) -> Sender: ...

    def interrupt(self) -> None: ...


class FindsViruses(Protocol):
    """Implemented by `checks.clamd.Clamd`."""

    def scan(self, raw: bytes) -> str: ...


class ScoresSpam(Protocol):
    """Implemented by `checks.rspamd.Rspamd`."""

    def score(self, raw: bytes, envelope: Envelope) -> Spam: ...


class Interrupted(Transient):
    """The process ends, so the checks of the mail are repeated after the next start."""


class Examiner:
    """Runs all configured checks.  Its threads start with the first mail.  `close` ends them."""

    def __init__(
        self,
        *,
        authenticity: ChecksSenders | None = None,
        viruses: FindsViruses | None = None,
        spam: ScoresSpam | None = None,
        now: Callable[[], float],
        report: Callable[[str, str], None] = lambda _scanner, _trouble: None,
    ) -> None:
        """`report` gets the source of a scanner that is skipped, and why; '' when it answers again."""
        self._virus_scanner = SkippedScanner("scanner:clamd", report, now)
        self._spam_scanner = SkippedScanner("scanner:rspamd", report, now)
        self._authenticity, self._viruses, self._spam, self._now = authenticity, viruses, spam, now
        self._interrupted = False
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="check")

    def close(self) -> None:
        self._threads.shutdown(wait=not self._interrupted, cancel_futures=True)

    def interrupt(self) -> None:
        """The process ends: a scanner whose connection is cut, or a DNS that is not waited for, gave no answer about the mail, so `examine`
        raises Interrupted."""
        self._interrupted = True
        if self._authenticity is not None:
            self._authenticity.interrupt()

    def look_again(self) -> None:
        """Scanners that are skipped get the next mail."""
        self._virus_scanner.look_again()
        self._spam_scanner.look_again()

    def until(self, seconds: float) -> float:
        """The time `seconds` from now by the examiner's clock, for `examine`."""
        return self._now() + seconds

    def examine(
        self, mails: Sequence[tuple[Message, Envelope]], load: Callable[[int], bytes], *, until: float
    ) -> list[Examined | Unexamined | None]:
        """The checked mails in order; None for a mail that was not begun before `until` and has to be given again.

        `load` gives a mail's raw bytes by its index and is called from other threads.  Its exceptions are raised.
        """

        def one(index: int) -> Examined | Unexamined | None:
            if self._now() >= until:
                return None
            raw = load(index)
            try:
                return self._one(*mails[index], raw)
            except Interrupted:
                raise
            except Exception as error:  # checks never raise because of a mail's content: this is an internal error
                return Unexamined(reason=f"{type(error).__name__}: {error}")

        return list(self._threads.map(one, range(len(mails))))

    def _silence(self, kind: str, none: NotScanned) -> Silence:
        if self._interrupted:
            raise Interrupted("the process ends before the mail is scanned")
        return Silence(kind=kind, reason=str(none), fault=none.fault)

    def _one(self, message: Message, envelope: Envelope, raw: bytes) -> Examined:
        if self._authenticity is not None:
            message = replace(message, sender=self._authenticity.sender(message.sender, raw, envelope))
            if self._interrupted:
                raise Interrupted("the process ends before the sender is checked")
        return Examined(message=message, scan=self._scan(raw, envelope))

    def _scan(self, raw: bytes, envelope: Envelope) -> Scan:
        virus, spam, silences = None, None, list[Silence]()
        if (viruses := self._viruses) is not None:
            try:
                virus = self._virus_scanner.ask(lambda: viruses.scan(raw))
            except NotScanned as none:
                silences.append(self._silence("virus", none))
        if (scores := self._spam) is not None:
            try:
                spam = self._spam_scanner.ask(lambda: scores.score(raw, envelope))
            except NotScanned as none:
                silences.append(self._silence("spam", none))
        return Scan(virus=virus, spam=spam, silences=tuple(silences))
