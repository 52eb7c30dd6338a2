"""Each job runs at its interval, whatever the other jobs do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Lock

from mailbridge.errors import StoreAway, Transient
from mailbridge.jobs.ticker import IntervalFromNow, Job, Ticker

SOON = timedelta(milliseconds=5)
PATIENCE = 20.0  # seconds for something that takes milliseconds


class Recorder:
    """Runs jobs like `jobs.attempts.JobRuns`, without a store."""

    def __init__(self) -> None:
        self.hung = list[str]()

    def run(self, job: str, work: Callable[[], object]) -> object:
        return work()

    def hangs(self, job: str, since: datetime) -> None:
        self.hung.append(job)


class Counted:
    """A job that reports when it was called often enough."""

    def __init__(self, wanted: int, error: Exception | None = None) -> None:
        self.enough, self._left, self._error, self._lock = Event(), wanted, error, Lock()

    def __call__(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left <= 0:
                self.enough.set()
        if self._error is not None:
            raise self._error


@contextmanager
def running(*jobs: Job, runs: Recorder | None = None) -> Iterator[Ticker]:
    ticker = Ticker(jobs, runs or Recorder())
    ticker.start()
    try:
        yield ticker
    finally:
        ticker.stop(timedelta(0))


def test_jobs_that_hang_delay_no_other_job() -> None:
    free, begun = Event(), [Event() for _ in range(8)]

    def hang(number: int) -> Callable[[], object]:
        return lambda: (begun[number].set(), free.wait())

    hanging = [Job(name=f"hangs-{number}", every=SOON, run=hang(number)) for number in range(8)]
    short = Counted(5)
    try:
        with running(*hanging, Job(name="short", every=SOON, run=short)):
            assert all(one.wait(PATIENCE) for one in begun)
            assert short.enough.wait(PATIENCE)
    finally:
        free.set()


def test_a_job_that_hangs_is_reported_once_and_the_ticker_stops_without_it() -> None:
    free, begun, runs = Event(), Event(), Recorder()
    job = Job(name="feeds", every=SOON, run=lambda: (begun.set(), free.wait()), longest=timedelta(0))
    try:
        with running(job, Job(name="quick", every=SOON, run=lambda: None), runs=runs) as ticker:
            assert begun.wait(PATIENCE)
            ticker.report_hanging()
            ticker.report_hanging()
        assert runs.hung == ["feeds"]
    finally:
        free.set()


def test_a_job_that_raises_is_called_again() -> None:
    for error in (RuntimeError("a bug"), StoreAway("no database"), Transient("the ticket changed")):
        job = Counted(3, error)
        with running(Job(name="job", every=SOON, run=job)):
            assert job.enough.wait(PATIENCE), error


def test_a_job_never_runs_beside_itself() -> None:
    inside, overlaps, calls = Lock(), list[bool](), Counted(5)

    def work() -> None:
        overlaps.append(not inside.acquire(blocking=False))
        calls()
        inside.release()

    with running(Job(name="job", every=timedelta(microseconds=1), run=work)):
        assert calls.enough.wait(PATIENCE)
    assert not any(overlaps)


def test_no_job_starts_after_the_stop() -> None:
    calls = Counted(1)
    ticker = Ticker([Job(name="job", every=SOON, run=calls)], Recorder())
    ticker.stop()
    ticker.start()
    ticker.stop()
    assert not calls.enough.is_set()


def test_jobs_go_on_when_the_clock_is_set_back() -> None:
    """APScheduler plans by the wall clock: after a step back it waits until that time comes again."""
    job = Counted(3)
    ticker = Ticker([Job(name="steady", every=SOON, run=job)], Recorder())
    for one in ticker._scheduler.get_jobs():
        one.modify(next_run_time=datetime.now(UTC) + timedelta(days=1))
    ticker.start()
    try:
        assert job.enough.wait(PATIENCE)
    finally:
        ticker.stop()


def test_after_the_clock_was_set_every_job_is_due_at_once() -> None:
    seldom = Counted(2)
    with running(Job(name="seldom", every=timedelta(hours=1), run=seldom)) as ticker:
        ticker.plan_anew()
        assert seldom.enough.wait(PATIENCE)


def test_a_step_over_decades_makes_no_list_of_missed_ticks() -> None:
    trigger, now = IntervalFromNow(timedelta(seconds=2)), datetime(2038, 1, 19, tzinfo=UTC)
    assert trigger.get_next_fire_time(datetime(1970, 1, 1, tzinfo=UTC), now) == now + timedelta(seconds=2)
