"""Wakes threads that wait for work: inside a process by events, between processes by LISTEN and NOTIFY of PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailbridge.store.postgres import LimitedConnection

CHANNEL = "mailbridge"  # the one channel of PostgreSQL; the payload says who is meant
_LOOK_UP = 0.5  # seconds; how fast the listener notices that it shall stop, and how long it waits for a lost server
_ASKED = 10.0  # seconds between two questions to the server, by which a silent connection is noticed


class Listener:
    """Waits until one of its channels is notified.  A notification while nobody waits is kept for the next wait."""

    def __init__(self, notifier: Notifier, channels: Collection[str]) -> None:
        self.channels = frozenset(channels)
        self._notifier = notifier
        self._notified = threading.Event()

    def wait(self, timeout: timedelta) -> bool:
        """True after a notification, False after `timeout`."""
        if not self._notified.wait(timeout.total_seconds()):
            return False
        self._notified.clear()
        return True

    def notify(self) -> None:
        """Ends the current or the next wait at once."""
        self._notified.set()

    def close(self) -> None:
        self._notifier.forget(self)


class Notifier:
    """All listeners of this process.  With a way to connect to PostgreSQL also notified by other processes, from the first listener on.

    A notification saves time and nothing else: whoever listens looks by itself as well, every few seconds.
    """

    def __init__(self, connect: Callable[[], LimitedConnection] | None = None) -> None:
        self._connect = connect
        self._listeners: set[Listener] = set()
        self._lock = threading.Lock()
        self._thread: _PostgresThread | None = None

    def listener(self, channels: Collection[str]) -> Listener:
        listener = Listener(self, channels)
        with self._lock:
            self._listeners.add(listener)
            if self._connect and self._thread is None:
                self._thread = _PostgresThread(self._connect, self)
                self._thread.start()
        return listener

    def forget(self, listener: Listener) -> None:
        with self._lock:
            self._listeners.discard(listener)

    def notify(self, channels: Collection[str] | None = None) -> None:
        """Notifies the listeners of these channels; None: all."""
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            if channels is None or not listener.channels.isdisjoint(channels):
                listener.notify()

    def close(self) -> None:
        with self._lock:
            thread, self._thread = self._thread, None
        if thread:
            thread.stop()


class _PostgresThread(threading.Thread):
    """Passes notifications of PostgreSQL on.  A lost connection is retried; after that all listeners are notified once, because
    notifications may be lost."""

    def __init__(self, connect: Callable[[], LimitedConnection], notifier: Notifier) -> None:
        super().__init__(name="store-listener", daemon=True)
        self._connect = connect
        self._notifier = notifier
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()
        self.join()

    def run(self) -> None:
        import psycopg  # a desk on SQLite needs none of it

        while not self._stopping.is_set():
            try:
                self._listen()
            except psycopg.Error:
                self._stopping.wait(_LOOK_UP)

    def _listen(self) -> None:
        with self._connect() as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._notifier.notify()
            asked = monotonic()
            while not self._stopping.is_set():
                for notice in connection.notifies(timeout=_LOOK_UP, stop_after=1):
                    self._notifier.notify((notice.payload,))
                if monotonic() - asked >= _ASKED:
                    connection.execute("SELECT 1")  # raises where no answer comes
                    asked = monotonic()
