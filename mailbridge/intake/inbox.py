"""The durable inbox: accept() returns when the mail can survive a power cut, and not before."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from mailbridge.intake.envelope import Envelope
from mailbridge.store.engine import Store


class Inbox:
    """Takes mails from any number of threads and commits those that wait together in one transaction (group commit)."""

    def __init__(self, store: Store, *, on_accepted: Callable[[], None] = lambda: None) -> None:
        """`on_accepted` is called after each commit (it wakes the worker)."""
        raise NotImplementedError

    def submit(self, raw: bytes, envelope: Envelope) -> Future[int]:
        """A future that holds the inbox id once the mail is committed, or raises StoreAway.  Safe to repeat for IMAP: the same
        (account, folder, uidvalidity, uid) gives the id of the row that is there already."""
        raise NotImplementedError

    def accept(self, raw: bytes, envelope: Envelope) -> int:
        """The mail is durable when this returns; its inbox id.  Raises StoreAway: nothing was kept."""
        raise NotImplementedError

    def close(self) -> None:
        """Commits what waits, then stops."""
        raise NotImplementedError
