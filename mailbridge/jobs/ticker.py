"""The timer: calls each job at its interval.  Only this module uses APScheduler.

Intervals are in UTC, jobs in memory.  The scheduler has no persistent state and needs none, because each job asks the store what is due.
A late tick runs (no misfire limit), several missed ticks run once, and a job never overlaps itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from mailbridge.errors import StoreAway
from mailbridge.ops import log as logs

log = logs.get("ticker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    name: str
    every: timedelta
    run: Callable[[], object]


class Ticker:
    """Runs jobs until it is stopped.  A job that raises is logged and called again at its next tick."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(3)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        for job in jobs:
            self._scheduler.add_job(
                guarded(job), "interval", seconds=job.every.total_seconds(), id=job.name, next_run_time=datetime.now(UTC)
            )

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """Stops all jobs before it returns."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)


def guarded(job: Job) -> Callable[[], None]:
    """Wraps the job for the timer: an error ends this tick, not the timer."""

    def tick() -> None:
        try:
            job.run()
        except StoreAway as error:
            log.warning("store_away", job=job.name, error=str(error))
        except Exception:  # a bug in one job must not stop the clocks of all tickets
            log.exception("job_failed", job=job.name)

    return tick
