"""The loop of every thread that works off a queue: one turn after the other, then wait for a notification or for a time, until stopped."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from threading import Event

from mailbridge.errors import StoreAway, Transient
from mailbridge.ops.log import Log

POLL = timedelta(seconds=1)  # between two looks without a notification: a lease that ends or a retry that is due sends none
AWAY = timedelta(seconds=2)  # pause after a turn that could not reach the database
BROKEN = timedelta(seconds=5)  # pause after an internal error
MOST_DOUBLINGS = 20

_numbers = count(1)


def work(turn: Callable[[], object], stop: Event, wake: Event, log: Log, *, poll: timedelta = POLL) -> None:
    """Returns when `stop` is set and the current turn has ended.

    `turn` returns something true where it found work, and is then called again at once; else it is called when `wake` is set or `poll`
    has passed.  Whatever it raises is logged and ends only that turn: claims come back when their lease ends.
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
    """`host:pid`: the beginning of the name of every lease owner of this process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def worker_name() -> str:
    """`host:pid:number`: the lease owner of one worker; another one at each call."""
    return f"{process_name()}:{next(_numbers)}"


def backoff(attempts: int, first: timedelta, longest: timedelta, jitter: float) -> timedelta:
    """The pause after the n-th failed attempt: `first`, doubled each time up to `longest`, plus up to a fifth (`jitter` in 0..1)."""
    return min(first * (1 << min(max(attempts, 1) - 1, MOST_DOUBLINGS)), longest) * (1 + 0.2 * jitter)
