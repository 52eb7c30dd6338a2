"""Attempts of jobs: an item that raises delays no other item.

A failed attempt is undone, logged and recorded in `job_failures`.  The item is tried again after a pause that grows.  `mailbridge status`
and the metrics show it, and the administrators get a mail (`jobs.failures`).
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Protocol, TypeVar

import mailbridge
from mailbridge.clock import Clock
from mailbridge.errors import StoreAway, Transient
from mailbridge.execution.desk import Desk
from mailbridge.ids import ticket_number
from mailbridge.ops import log as logs
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx
from mailbridge.tickets.model import Ticket

log = logs.get("jobs")

_PACKAGE = Path(mailbridge.__file__).parent
_Result = TypeVar("_Result")
_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One of the things that a job does.  `about`: for people, without words of customers."""

    job: str
    key: str
    about: str


class Attempt(Protocol):
    """Runs an item.  Returns its result; None if it failed and was undone."""

    def __call__(self, tx: Tx, item: Item, now: datetime, run: Callable[[], _Result]) -> _Result | None: ...


def alone(tx: Tx, item: Item, now: datetime, run: Callable[[], _Result]) -> _Result | None:
    """Runs the item in a savepoint.  A failure is undone and recorded.  Raises StoreAway.

    If another transaction changed the ticket meanwhile, it is undone without a record: the next tick repeats it.
    """
    try:
        with tx.savepoint():
            return run()
    except StoreAway:
        raise
    except Transient as error:
        log.info("job_waits", job=item.job, about=item.about, error=str(error))
        return None
    except Exception as error:  # a bug or bad data in one item must not block the other items
        log.exception("job_item_failed", job=item.job, about=item.about)
        failed(tx, item, error, now)
        return None


def when_due(tx: Tx, item: Item, now: datetime, run: Callable[[], _Result]) -> _Result | None:
    """The same, unless the item waits for its next attempt.  A success forgets the failure."""
    if item.key in tx.job_failures.waiting(item.job, now):
        return None
    result = alone(tx, item, now, run)
    if result is not None:
        tx.job_failures.forget(item.job, item.key)
    return result


def together(tx: Tx, item: Item, now: datetime, run: Callable[[], _Result]) -> _Result | None:
    """Runs the item without a savepoint.  Raises whatever it raises."""
    return run()


def run_batch(store: Store, work: Callable[[Tx, Attempt], _Done]) -> _Done:
    """Does the work in one transaction.  If an item raises, does all of it again with each item in its own attempt.  Raises Transient.

    So savepoints cost nothing as long as no item fails.
    """
    try:
        with store.write() as tx:
            return work(tx, together)
    except Transient:
        raise
    except Exception as error:  # the second run logs and records the items that raise
        log.warning("job_portion_repeated", error=reason_of(error))
    with store.write() as tx:
        return work(tx, alone)


class JobRuns:
    """Runs whole jobs and records which of them raise.  Thread-safe."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._lock = Lock()
        self._sound: set[str] = set()  # jobs without a recorded failure

    def run(self, job: str, work: Callable[[], _Result]) -> _Result | None:
        """The result of the job; None if it raised, which is logged and recorded.  Raises Transient."""
        try:
            result = work()
        except Transient:
            raise
        except Exception as error:  # a bug in one job must not stop the other jobs
            log.exception("job_failed", job=job)
            self._failed(job, reason_of(error))
            return None
        self._worked(job)
        return result

    def hangs(self, job: str, since: datetime) -> None:
        """Records that the job has been running for too long."""
        self._failed(job, f"it has been running since {since:%Y-%m-%d %H:%M} UTC")

    def _failed(self, job: str, reason: str) -> None:
        with self._lock:
            self._sound.discard(job)
        with self._store.write() as tx:
            tx.job_failures.failed(job, "", "", reason, self._clock.now())

    def _worked(self, job: str) -> None:
        with self._lock:
            if job in self._sound:
                return
            self._sound.add(job)
        with self._store.read() as tx:
            known = tx.job_failures.is_known(job, "")
        if known:
            log.info("job_works_again", job=job)
            with self._store.write() as tx:
                tx.job_failures.forget(job, "")


def failed(tx: Tx, item: Item, error: Exception, now: datetime) -> None:
    """Records the failed attempt."""
    tx.job_failures.failed(item.job, item.key, item.about, reason_of(error), now)


def item_of(job: str, ticket: Ticket, desk: Desk) -> Item:
    """The ticket as an item of the job."""
    return Item(job=job, key=str(ticket.id), about=ticket_number(desk.config.desk.prefix, ticket.id))


def key_of(address: str) -> str:
    """A key for the mails of a recipient that does not contain the address."""
    return sha256(address.lower().encode()).hexdigest()[:16]


def reason_of(error: Exception) -> str:
    """The kind of the error and its last place in this program: "KeyError at tickets/apply.py:120".  Messages of errors may have values of
    tickets, so they are only in the log."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(_PACKAGE)]
    place = f" at {Path(ours[-1].filename).relative_to(_PACKAGE)}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}{place}"
