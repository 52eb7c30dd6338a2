"""A store in memory that counts its commits and can be made to refuse: for tests of what hands mails to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Lock
from types import SimpleNamespace

from mailbridge.errors import StoreAway
from mailbridge.message.envelope import Envelope

Row = tuple[bytes, Envelope]


class MemoryStore:
    """`away`: nothing can be written.  `poison`: mails it cannot hold.  `gate`: while cleared, commits hang; `entered` tells."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.commits: list[int] = []
        self.away = False
        self.poison: Callable[[bytes], bool] = lambda raw: False
        self.gate = Event()
        self.gate.set()
        self.entered = Event()
        self._lock = Lock()

    @contextmanager
    def write(self) -> Iterator[SimpleNamespace]:
        with self._lock:
            before = len(self.rows)
            try:
                yield SimpleNamespace(
                    inbox=SimpleNamespace(add_many=self._add_many), savepoint=self._savepoint, wake=lambda channel: None
                )
                self.entered.set()
                self.gate.wait()
                if self.away:
                    raise StoreAway("the disk is full")
            except BaseException:
                del self.rows[before:]
                raise
            self.commits.append(len(self.rows) - before)

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        before = len(self.rows)
        try:
            yield
        except BaseException:
            del self.rows[before:]
            raise

    def _add_many(self, items: Sequence[Row]) -> list[int]:
        first = len(self.rows) + 1
        for raw, envelope in items:
            if self.poison(raw):
                raise ValueError("this mail cannot be held")
            self.rows.append((raw, envelope))
        return list(range(first, len(self.rows) + 1))
