"""The durable inbox: accept() returns when the mail would survive a power failure, and not before.

One thread writes.  While it waits for the disk, arriving mails collect, and the next commit takes them all (group commit).  A sender that
was just answered sends its next mail in a moment.  So after a shared commit the next one waits for as many mails, at most half as long as
the last commit took: on a slow disk this halves the number of commits.  A single mail is committed at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Condition, Lock, Thread
from time import monotonic

from mailbridge.errors import StoreAway
from mailbridge.message.envelope import Envelope
from mailbridge.ops import crash
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx

CAPACITY = 256 << 20  # bytes waiting; one mail is always accepted, whatever its size
BATCH_MAILS = 64  # mails a commit
BATCH_BYTES = 32 << 20  # bytes in one commit, so that large mails do not delay small ones
PATIENCE = 60.0  # seconds accept() waits for room: two busy timeouts of SQLite


class PutOff(StrEnum):
    """Why a mail was not taken now: its sender tries again (451), or it stays on its IMAP server."""

    DATABASE = "database"  # it cannot be written
    SLOW = "slow"  # nobody waited for it any more
    FULL = "full"  # too many bytes wait already
    CLOSED = "closed"  # the process is at its end
    ERROR = "error"  # the mail itself could not be stored


@dataclass(frozen=True, slots=True)
class _Item:
    raw: bytes
    envelope: Envelope
    future: Future[int] = field(default_factory=Future)


class Inbox:
    """Takes mails from any number of threads and commits those that wait together in one transaction (group commit)."""

    def __init__(
        self,
        store: Store,
        *,
        on_accepted: Callable[[], None] = lambda: None,
        on_mail: Callable[[bytes, Envelope], None] = lambda _raw, _envelope: None,
        on_put_off: Callable[[Envelope, PutOff], None] = lambda _envelope, _why: None,
        capacity: int = CAPACITY,
    ) -> None:
        """`on_accepted` is called after each commit (it wakes the worker), `on_mail` for each mail of it, `on_put_off` for each mail that
        was not stored; none may raise.  `capacity` bounds the waiting bytes."""
        self._store, self._on_put_off = store, on_put_off
        self._on_accepted, self._on_mail = on_accepted, on_mail
        self._capacity = capacity
        self._items: deque[_Item] = deque()
        self._held = 0  # bytes waiting or being written
        self._closed = False
        self._wanted = 1  # number of mails at which the writer wakes up
        self._company = 1  # mails in the last commit or during it: the number to wait for
        self._gather_until = 0.0
        lock = Lock()
        self._work = Condition(lock)
        self._room = Condition(lock)
        self._writer = Thread(target=self._write, name="inbox", daemon=True)
        self._writer.start()

    def submit(self, raw: bytes, envelope: Envelope, *, patience: float = 0.0) -> Future[int]:
        """A future that gets the inbox id after the commit, or StoreAway.  Safe to repeat for IMAP: the same (account, folder, uidvalidity,
        uid) gives the id of the existing row.

        Blocks for at most `patience` seconds when the queue is full; then the future gets StoreAway, as in a closed inbox.
        """
        item = _Item(raw, envelope)
        with self._work:
            room = self._room.wait_for(lambda: self._closed or self._has_room(len(raw)), patience)
            if self._closed or not room:
                self._on_put_off(envelope, PutOff.CLOSED if self._closed else PutOff.FULL)
                item.future.set_exception(
                    StoreAway("the inbox is closed" if self._closed else "the inbox is full", waiting_bytes=self._held)
                )
                return item.future
            self._items.append(item)
            self._held += len(raw)
            if len(self._items) >= self._wanted:
                self._work.notify()
        return item.future

    def accept(self, raw: bytes, envelope: Envelope) -> int:
        """Stores the mail; its inbox id.  Raises StoreAway: nothing was stored."""
        return self.submit(raw, envelope, patience=PATIENCE).result()

    def accept_all(self, mails: Sequence[tuple[bytes, Envelope]], also: Callable[[Tx], None]) -> list[int]:
        """Stores all the mails, together with what `also` writes into the same transaction; their inbox ids.

        Raises StoreAway, or the store's error about one of them: nothing was stored.
        """
        try:
            with self._store.write() as tx:
                ids = tx.inbox.add_many(mails)
                also(tx)
                tx.wake("inbox")
                crash.point("intake.before_commit")
        except StoreAway:
            for _, envelope in mails:
                self._on_put_off(envelope, PutOff.DATABASE)
            raise
        crash.point("intake.after_commit")
        for raw, envelope in mails:
            self._on_mail(raw, envelope)
        self._on_accepted()
        return ids

    def close(self) -> None:
        """Commits the waiting mails.  No further mail is accepted."""
        with self._work:
            self._closed = True
            self._work.notify_all()
            self._room.notify_all()
        self._writer.join()

    def _has_room(self, size: int) -> bool:
        return self._held == 0 or self._held + size <= self._capacity

    def _write(self) -> None:
        try:
            while batch := self._take():
                began = monotonic()
                self._commit(batch)
                self._release(batch, monotonic() - began)
        finally:
            self._abandon()

    def _take(self) -> list[_Item]:
        """The mails of the next commit; none when the inbox is closed and empty."""
        with self._work:
            self._await(1, None)
            self._await(self._company, self._gather_until - monotonic())
            batch: list[_Item] = []
            size = 0
            while self._items and len(batch) < BATCH_MAILS and (not batch or size + len(self._items[0].raw) <= BATCH_BYTES):
                batch.append(self._items.popleft())
                size += len(batch[-1].raw)
            return batch

    def _await(self, mails: int, seconds: float | None) -> None:
        if seconds is None or seconds > 0:
            self._wanted = mails
            self._work.wait_for(lambda: len(self._items) >= mails or self._closed, seconds)
            self._wanted = 1

    def _release(self, batch: Sequence[_Item], seconds: float) -> None:
        with self._room:
            self._company = min(len(batch) + len(self._items), BATCH_MAILS)
            self._gather_until = monotonic() + seconds / 2
            self._held -= sum(len(item.raw) for item in batch)
            self._room.notify_all()

    def _commit(self, batch: Sequence[_Item]) -> None:
        """Sets the id or the error of every future of the batch."""
        wanted = []
        for item in batch:
            if item.future.set_running_or_notify_cancel():
                wanted.append(item)
            else:
                self._on_put_off(item.envelope, PutOff.SLOW)
        for item, outcome in zip(wanted, self._outcomes(wanted), strict=True):
            if isinstance(outcome, int):
                self._on_mail(item.raw, item.envelope)
                item.future.set_result(outcome)
            else:
                self._on_put_off(item.envelope, PutOff.DATABASE if isinstance(outcome, StoreAway) else PutOff.ERROR)
                item.future.set_exception(outcome)
        self._on_accepted()

    def _outcomes(self, batch: Sequence[_Item]) -> Sequence[int | Exception]:
        try:
            return self._together(batch)
        except StoreAway as away:
            return [away] * len(batch)
        except Exception as error:  # one mail that cannot be stored must not affect the others: commit each alone
            return [error] if len(batch) == 1 else self._one_by_one(batch)

    def _together(self, batch: Sequence[_Item]) -> Sequence[int]:
        with self._store.write() as tx:
            ids = tx.inbox.add_many([(item.raw, item.envelope) for item in batch])
            tx.wake("inbox")
            crash.point("intake.before_commit")
        crash.point("intake.after_commit")
        return ids

    def _one_by_one(self, batch: Sequence[_Item]) -> Sequence[int | Exception]:
        outcomes: list[int | Exception] = []
        try:
            with self._store.write() as tx:
                for item in batch:
                    try:
                        with tx.savepoint():
                            outcomes.extend(tx.inbox.add_many([(item.raw, item.envelope)]))
                    except StoreAway:
                        raise
                    except Exception as error:  # reported to the sender of this mail
                        outcomes.append(error)
                tx.wake("inbox")
        except StoreAway as away:
            return [away] * len(batch)
        except Exception as error:  # the commit failed: nothing was stored
            return [error] * len(batch)
        return outcomes

    def _abandon(self) -> None:
        """Fails the futures that are left.  After a normal end there are none; after an internal error the callers get it."""
        with self._work:
            self._closed = True
            left, self._items = list(self._items), deque()
            self._room.notify_all()
        for item in left:
            item.future.set_exception(StoreAway("the inbox has stopped"))
