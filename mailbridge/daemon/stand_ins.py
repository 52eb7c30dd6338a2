"""Delivery workers that stand in for those whose server does not answer the final dot.

A server may take ten minutes for that answer (RFC 5321 4.5.3.2.6), and who gives up earlier makes second copies (RFC 1047).  So the worker
waits.  But one whose connection died in silence waits in vain, and meanwhile others deliver the mail behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from threading import Event, Thread

from mailbridge.delivery.deliver import DeliveryWorker
from mailbridge.ops import log as logs

WAITS = timedelta(seconds=30)  # for the answer to a final dot, after which somebody stands in
MOST = 4  # at a time, for one server

log = logs.get("outbox")


class StandIns:
    """Of one outgoing server; `look` belongs to one thread.  `make` gives a new worker, `report` is told what is wrong with the server."""

    def __init__(
        self,
        source: str,
        workers: Sequence[DeliveryWorker],
        make: Callable[[], DeliveryWorker],
        report: Callable[[str, timedelta], None],
        wake: Event,
    ) -> None:
        self._source, self._workers, self._make, self._report, self._wake = source, workers, make, report, wake
        self._extra: list[tuple[DeliveryWorker, Event]] = []

    def look(self) -> None:
        """As many workers stand in as wait for an answer, and get what those had claimed.  Where none of them has handed over a mail since,
        the server fails.  Raises StoreAway."""
        all_ = [*self._workers, *(worker for worker, _ in self._extra)]
        waits = [worker.waits_at_dot for worker in all_]
        stuck = [seconds for seconds in waits if seconds >= WAITS.total_seconds()]
        for worker, seconds in zip(all_, waits, strict=True):
            if seconds >= WAITS.total_seconds():
                worker.give_back_rest()
        if stuck and min(worker.since_success for worker in all_) > max(stuck):
            self._report(f"it has not answered the final dot of a mail for {max(stuck):.0f} s", WAITS)
        while len(self._extra) < min(len(stuck), MOST):
            self._begin()
        while len(self._extra) > len(stuck):
            self._extra.pop()[1].set()

    def stop(self) -> None:
        """No further mail is begun."""
        for _, stop in self._extra:
            stop.set()

    def _begin(self) -> None:
        worker, stop = self._make(), Event()
        self._extra.append((worker, stop))
        log.warning("stand_in_delivers", source=self._source, number=len(self._extra))
        Thread(target=worker.run, args=(stop, self._wake), name=f"delivery-stand-in-{len(self._extra)}", daemon=True).start()
