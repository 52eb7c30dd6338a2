"""The loop of every thread that works on a queue: it works while there is work, else waits for a notification or a time."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from threading import Event

from mailbridge.errors import StoreAway, Transient
from mailbridge.ops.log import Log

POLL = timedelta(seconds=1)  # between two polls: no notification is sent when a lease ends or a retry is due
AWAY = timedelta(seconds=2)  # pause after a turn that could not reach the database
BROKEN = timedelta(seconds=5)  # pause after an internal error
MOST_DOUBLINGS = 20

_numbers = count(1)


def work(turn: Callable[[], object], stop: Event, wake: Event, log: Log, *, poll: timedelta = POLL) -> None:
    """Calls `turn` until `stop` is set.  Returns when the current turn has ended.

    If `turn` returns a true value (it found work), it is called again at once, else when `wake` is set or `poll` has passed.  An exception
    is logged and ends only that turn: other workers can claim its rows when the lease ends.
    """
    while not stop.is_set():
        try:
            busy = turn()
        except Transient as error:
            log.warning("store_away" if isinstance(error, StoreAway) else "turn_failed", error=str(error))
            stop.wait(AWAY.total_seconds())
            continue
        except Exception:  # an internal error must not end the thread
            log.exception("turn_failed")
            stop.wait(BROKEN.total_seconds())
            continue
        if not busy:
            wake.wait(poll.total_seconds())
            wake.clear()


def process_name() -> str:
    """`host:pid`, the prefix of all lease owners of this process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def new_owner(process: str) -> str:
    """A lease owner of the process, `process:number`, a new one at each call: what an earlier claim left behind is never taken for its."""
    return f"{process}:{next(_numbers)}"


def backoff(attempts: int, first: timedelta, longest: timedelta, jitter: float) -> timedelta:
    """The pause after `attempts` failed attempts: `first`, doubled each time up to `longest`, plus a fifth of it times `jitter` (0..1)."""
    return min(first * (1 << min(max(attempts, 1) - 1, MOST_DOUBLINGS)), longest) * (1 + 0.2 * jitter)
