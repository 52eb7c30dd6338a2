"""Processes that claim rows of the queues and are killed, or stopped for longer than their leases last."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from threading import Event
from typing import Any

from mailbridge.daemon.app import App
from mailbridge.delivery.deliver import DeliveryWorker
from mailbridge.delivery.webhooks.deliver import Webhooker
from mailbridge.jobs.leases import LeaseKeeper
from mailbridge.ops.work_loop import new_owner
from mailbridge.store.queue import LeaseQueue
from mailbridge.worker import Worker
from tests.crash.victim import Recorder
from tests.harness import a_config

EVERY, LASTS = 0.3, 2.0  # seconds
HOUR = timedelta(hours=1)


class QuickApp(App):
    """A desk whose processes count as dead after LASTS."""

    @cached_property
    def leases(self) -> LeaseKeeper:
        return LeaseKeeper(self.store, self.clock, every=EVERY, lasts=LASTS)

    def webhooker(self) -> Webhooker:
        caller = Recorder(self.config.folder / "called")
        return Webhooker(self.store, self.config.webhooks, self.clock, caller=caller, owner=self.leases.owner)


@contextmanager
def a_quick_desk(folder: Path, url: str) -> Iterator[QuickApp]:
    with QuickApp.open(replace(a_config(folder), store_url=url, batch=50)) as app:
        yield app


def claim_and_stand(folder: Path, url: str, rows: int, claimed: Path) -> None:
    """Claims rows of each queue, says so, and does nothing more; its leases are renewed meanwhile."""
    with a_quick_desk(folder, url) as app:
        with app.store.write() as tx:
            queues: list[LeaseQueue[Any, Any]] = [tx.inbox, tx.outbox, tx.webhooks]
            counts = [len(queue.claim(new_owner(app.leases.owner()), rows, HOUR, app.clock.now())) for queue in queues]
        claimed.write_text(" ".join(map(str, counts)))
        Event().wait()


def stop_in(method: str, folder: Path, url: str, done: Path) -> None:
    """Works one turn of the inbox and one of the outbox; stops itself (SIGSTOP) where the method is about to run first."""
    for kind in (Worker, DeliveryWorker):
        if original := getattr(kind, method, None):
            setattr(kind, method, _stopping(original))
    with a_quick_desk(folder, url) as app:
        turns = [len(app.worker.one_turn())] if method == "_write" else [app.delivery_worker().one_turn()]
        done.write_text(" ".join(map(str, turns)))


def _stopping(original: Any) -> Any:
    stopped = Event()

    def run(*arguments: Any, **named: Any) -> Any:
        if not stopped.is_set():
            stopped.set()
            os.kill(os.getpid(), signal.SIGSTOP)
        return original(*arguments, **named)

    return run
