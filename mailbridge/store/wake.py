"""Waking those who wait for work: inside a process by events, between processes by LISTEN and NOTIFY of PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Collection
from datetime import timedelta

CHANNEL = "mailbridge"  # the one channel of PostgreSQL; the payload says who is meant
_LOOK_UP = 0.5  # seconds; how fast the listener notices that it shall stop, and how long it waits for a lost server


class Listener:
    """Waits until one of its channels is rung.  A ring while nobody waits is kept for the next wait."""

    def __init__(self, bells: Notifier, channels: Collection[str]) -> None:
        self.channels = frozenset(channels)
        self._bells = bells
        self._rung = threading.Event()

    def wait(self, timeout: timedelta) -> bool:
        """True as soon as somebody rang, False after `timeout`."""
        if not self._rung.wait(timeout.total_seconds()):
            return False
        self._rung.clear()
        return True

    def ring(self) -> None:
        """The one who waits goes on at once (to stop, for example)."""
        self._rung.set()

    def close(self) -> None:
        self._bells.forget(self)


class Notifier:
    """All waiters of this process.  With a PostgreSQL address, also rung by other processes, from the first waiter on."""

    def __init__(self, conninfo: str | None = None) -> None:
        self._conninfo = conninfo
        self._waiters: set[Listener] = set()
        self._lock = threading.Lock()
        self._listener: _Listener | None = None

    def waiter(self, channels: Collection[str]) -> Listener:
        waiter = Listener(self, channels)
        with self._lock:
            self._waiters.add(waiter)
            if self._conninfo and self._listener is None:
                self._listener = _Listener(self._conninfo, self)
                self._listener.start()
        return waiter

    def forget(self, waiter: Listener) -> None:
        with self._lock:
            self._waiters.discard(waiter)

    def ring(self, channels: Collection[str] | None = None) -> None:
        """Wakes the waiters of these channels; None: all of them."""
        with self._lock:
            waiters = tuple(self._waiters)
        for waiter in waiters:
            if channels is None or not waiter.channels.isdisjoint(channels):
                waiter.ring()

    def close(self) -> None:
        with self._lock:
            listener, self._listener = self._listener, None
        if listener:
            listener.stop()


class _Listener(threading.Thread):
    """Turns notifications of PostgreSQL into rings.  A lost server is tried again; after that everybody looks once, for what was missed."""

    def __init__(self, conninfo: str, bells: Notifier) -> None:
        super().__init__(name="store-listener", daemon=True)
        self._conninfo = conninfo
        self._bells = bells
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
        import psycopg

        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._bells.ring()
            while not self._stopping.is_set():
                for notice in connection.notifies(timeout=_LOOK_UP, stop_after=1):
                    self._bells.ring((notice.payload,))
