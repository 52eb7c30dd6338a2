"""The timer: calls each job at its interval, each in a thread of its own.  Only this module uses APScheduler.

APScheduler plans the ticks, in UTC, and wakes the thread of the job.  So a job that takes long, or hangs, delays no other job.  Jobs are
in memory and have no persistent state, because each asks the store what is due.  A late tick runs (no misfire limit), several missed ticks
run once, and a job never overlaps itself.  APScheduler goes by the wall clock, which may be set: `plan_anew` makes it plan from that moment
on.  A thread that was not woken for one and a half intervals of the monotonic clock ticks by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from time import monotonic
from typing import Protocol

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from mailbridge.errors import StoreAway, Transient
from mailbridge.ops import log as logs

log = logs.get("ticker")

UNPLANNED = 1.5  # intervals after which a job ticks without the scheduler
LAST = timedelta(seconds=10)  # for all jobs together to finish their tick at the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`longest`: a tick that takes longer is reported as hanging."""

    name: str
    every: timedelta
    run: Callable[[], object]
    longest: timedelta = timedelta(minutes=15)


class Runs(Protocol):
    """Runs a whole job, and records what goes wrong."""

    def run(self, job: str, work: Callable[[], object]) -> object: ...

    def hangs(self, job: str, since: datetime) -> None: ...


class IntervalFromNow(BaseTrigger):  # type: ignore[misc]
    """The next tick is an interval from now.

    APScheduler's own trigger counts in intervals from the first tick and lists all that were missed: after a step from 1970 to 2038 these
    are a thousand million.
    """

    def __init__(self, every: timedelta) -> None:
        self._every = every

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now + self._every if previous_fire_time is not None else now


class Ticker:
    """Runs jobs until it is stopped.  A job that raises is called again at its next tick."""

    def __init__(self, jobs: Sequence[Job], runs: Runs) -> None:
        self._stopping = Event()
        self._loops = [_Loop(job, runs, self._stopping) for job in jobs]
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},  # it only wakes threads
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        for loop in self._loops:
            self._scheduler.add_job(loop.wake, IntervalFromNow(loop.job.every), id=loop.job.name, next_run_time=datetime.now(UTC))

    def start(self) -> None:
        for loop in self._loops:
            loop.thread.start()
        self._scheduler.start()

    def plan_anew(self) -> None:
        """After the clock was set: every job is due now, and at its interval from now on."""
        for loop in self._loops:
            loop.wake()
            self._scheduler.modify_job(loop.job.name, next_run_time=datetime.now(UTC))

    def stop_soon(self) -> None:
        """No job starts a tick any more."""
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        for loop in self._loops:
            loop.wake()

    def stop(self, within: timedelta = LAST) -> None:
        """Waits for the ticks in progress; a job that does not end within this time ends with the process."""
        self.stop_soon()
        ends = monotonic() + within.total_seconds()
        for loop in self._loops:
            if loop.thread.ident is not None:
                loop.thread.join(max(0.0, ends - monotonic()))
            if loop.thread.is_alive():
                log.warning("job_still_runs", job=loop.job.name)

    def report_hanging(self) -> None:
        """Reports each job whose tick takes longer than its limit, once a tick."""
        for loop in self._loops:
            loop.report_hanging()


class _Loop:
    """A job and its thread."""

    def __init__(self, job: Job, runs: Runs, stopping: Event) -> None:
        self.job = job
        self._runs, self._stopping = runs, stopping
        self._due = Event()
        self._began: tuple[float, datetime] | None = None  # by the monotonic clock, and for people
        self._reported: float | None = None
        self.thread = Thread(target=self._work, name=f"job-{job.name}", daemon=True)

    def report_hanging(self) -> None:
        if (began := self._began) is None:
            return
        at, since = began
        if at == self._reported or monotonic() - at < self.job.longest.total_seconds():
            return
        self._reported = at
        log.error("job_hangs", job=self.job.name, since=since.isoformat())
        self._runs.hangs(self.job.name, since)

    def wake(self) -> None:
        """The job is due."""
        self._due.set()

    def _work(self) -> None:
        """Ticks until the end."""
        longest = self.job.every.total_seconds() * UNPLANNED
        while not self._stopping.is_set():
            self._due.wait(longest)
            self._due.clear()
            if not self._stopping.is_set():
                self._tick()

    def _tick(self) -> None:
        self._began = monotonic(), datetime.now(UTC)
        try:
            self._runs.run(self.job.name, self.job.run)
        except StoreAway as error:
            log.warning("store_away", job=self.job.name, error=str(error))
        except Transient as error:  # another transaction changed the same ticket: the next tick does it
            log.info("job_waits", job=self.job.name, error=str(error))
        except Exception:  # the failure could not be recorded; the job is called again all the same
            log.exception("job_failed", job=self.job.name)
        finally:
            self._began = None
