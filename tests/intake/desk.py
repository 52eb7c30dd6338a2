"""A store, an inbox and the pollers that fill it, for the tests of the IMAP room."""

from __future__ import annotations

from contextlib import ExitStack
from queue import Queue
from threading import Thread
from time import monotonic

from mailbridge.clock import Clock
from mailbridge.config.model import Mailbox
from mailbridge.intake.imap import Poller
from mailbridge.intake.inbox import Inbox
from mailbridge.oauth.model import TokenSource
from mailbridge.store.engine import Store
from mailbridge.store.inbox_rows import InboxRow

LARGEST = 4 << 20


def a_mail(subject: str = "printer", body: str = "It smokes.") -> bytes:
    return f"From: ann@customer.example\r\nSubject: {subject}\r\nMessage-ID: <{subject}@customer.example>\r\n\r\n{body}\r\n".encode()


def subject_of(raw: bytes) -> str:
    return raw.split(b"Subject: ")[1].split(b"\r\n")[0].decode()


class Desk:
    """`accepted` gets the time of each commit, `reports` what health was told."""

    def __init__(self, store: Store, stack: ExitStack) -> None:
        self.store = store
        self.accepted: Queue[float] = Queue()
        self.reports: Queue[tuple[bool, str]] = Queue()
        self.inbox = Inbox(store, on_accepted=lambda: self.accepted.put(monotonic()))
        self._stack = stack
        stack.callback(self.inbox.close)

    def poller(
        self,
        mailbox: Mailbox,
        folder: str = "INBOX",
        *,
        largest: int = LARGEST,
        clock: Clock | None = None,
        tokens: TokenSource | None = None,
    ) -> Poller:
        poller = Poller(
            mailbox,
            folder,
            self.inbox,
            self.store,
            largest=largest,
            clock=clock,
            report=lambda name, ok, detail, wait=0.0: self.reports.put((ok, detail)),
            chance=lambda: 0.0,
            tokens=tokens,
        )
        self._stack.callback(poller.close)
        return poller

    def run(self, poller: Poller) -> Thread:
        """The poller works in a thread of its own until the end of the test."""
        thread = Thread(target=poller.run)
        thread.start()
        self._stack.callback(thread.join, 20)
        self._stack.callback(poller.cut)
        return thread

    def rows(self) -> list[InboxRow]:
        """Everything that was taken in, oldest first."""
        with self.store.read() as tx:
            return tx.inbox.list(limit=1000)[::-1]

    def mails(self) -> list[bytes]:
        with self.store.read() as tx:
            return [tx.blobs.get(row.sha256) for row in tx.inbox.list(limit=1000)[::-1]]

    def subjects(self) -> list[str]:
        return [subject_of(raw) for raw in self.mails()]
