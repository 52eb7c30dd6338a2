"""The parent's side: hands mails to child processes, kills those that exceed their time or memory."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from math import inf
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector

from mailbridge.errors import Permanent
from mailbridge.isolation.process import Job, Limits, ReadingFailed, ReadingProcess
from mailbridge.message.model import Message, ReadingPolicy

__all__ = ["Limits", "Readers", "ReadingFailed", "head_start"]

Load = Callable[[int], tuple[bytes, str | None]]
Done = Callable[[int, Message | ReadingFailed], None]

READER = "mailbridge.reading:read"
# Starting a child costs as much as reading some hundred mails, and one reads as fast as its parent can file what it has read.  So
# another one is started only for work that takes longer than this: big mails, or one that hangs.
HURRY = 1.0
UNUSED = 5.0  # seconds that a child which was started ahead of time waits for its first mail
PATIENCE = 3.0  # seconds that a caller waits for a child that is at work, or just starting, before it gets one of its own


@contextmanager
def head_start(limits: Limits, reader: str = READER) -> Iterator[ReadingProcess]:
    """A child starts while the caller does something else: loading what a daemon needs takes it longer.  It is gone after the block."""
    child = ReadingProcess(reader, limits)
    try:
        yield child
    finally:
        child.stop()


class Readers:
    """A pool of up to `processes` reading children, each started when it is needed and stopped when idle for `idle_after`.

    Thread-safe.  A mail that kills its child gives ReadingFailed; the next mail gets a fresh child.
    `reader` is the dotted name of the function the children run, `(raw, policy) -> Message`.
    """

    def __init__(
        self,
        policy: ReadingPolicy,
        *,
        processes: int = 2,
        time_limit: timedelta = timedelta(seconds=20),
        memory_limit: int = 1 << 30,
        idle_after: timedelta = timedelta(minutes=5),
        reader: str = READER,
    ) -> None:
        self._policy = policy
        self._limits = Limits(seconds=time_limit.total_seconds(), memory=memory_limit)
        self._idle_after = idle_after.total_seconds()
        self._reader = reader
        self._changed = threading.Condition()
        self._processes = self._seats = processes  # seats: how many more children may be at work
        self._idle: list[tuple[float, ReadingProcess]] = []  # since when, oldest first
        self._janitor: threading.Thread | None = None
        self._closed = False

    def adopt(self, child: ReadingProcess) -> None:
        """The child, which has read nothing yet, is one of the resting ones; without work it is stopped soon."""
        with self._changed:
            self._idle.insert(0, (time.monotonic() + UNUSED - self._idle_after, child.introduce(self._policy)))
            self._employ_janitor()

    def read_many(self, count: int, load: Load, done: Done) -> None:
        """Read mails 0..count-1 in parallel.

        `load(i)` gives (raw bytes, envelope sender or None) when a child is free for it, so that only a few raw mails are in
        memory; `done(i, result)` is called once for each, in any order, in this thread.  Neither may use the pool itself.
        """
        if count <= 0:
            return
        with self._taken(count) as (children, another):
            Round(children, count, load, done, spawn=self._spawn, another=another, limits=self._limits).run()

    def read(self, raw: bytes, envelope_from: str | None = None) -> Message | ReadingFailed:
        """Read one mail."""
        results: list[Message | ReadingFailed] = []
        self.read_many(1, lambda _: (raw, envelope_from), lambda _, result: results.append(result))
        return results[0]

    def close(self) -> None:
        """Stop all children; those at work are stopped when their mail is read."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            self._changed.notify_all()
        for _, child in idle:
            child.stop()

    def _spawn(self) -> ReadingProcess:
        return ReadingProcess(self._reader, self._limits).introduce(self._policy)

    @contextmanager
    def _taken(self, wanted: int) -> Iterator[tuple[list[ReadingProcess], Callable[[], ReadingProcess | None]]]:
        """At least one child, and what gives another where there is one; all given back, or stopped when a mail is still in them."""
        children = self._take(wanted)
        seats = len(children)

        def another() -> ReadingProcess | None:
            nonlocal seats
            child = self._another()
            seats += child is not None
            return child

        try:
            yield children, another
        finally:
            usable = [child for child in children if not child.jobs and child.alive]
            for child in children:
                if child not in usable:
                    child.stop()
            self._give_back(usable, seats)

    def _take(self, wanted: int) -> list[ReadingProcess]:
        """The children that rest; a new one where none is at work, or none of those that are comes back soon."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._idle or self._seats == self._processes, PATIENCE)
            self._changed.wait_for(lambda: self._closed or self._seats)
            if self._closed:
                raise Permanent("The readers are closed")
            resting = [self._idle.pop()[1] for _ in range(min(wanted, len(self._idle)))]
            seats = max(1, len(resting))
            self._seats -= seats
        children = [child for child in resting if child.alive]
        for child in resting:
            if child not in children:
                child.stop()
        try:
            if not children:
                children.append(self._spawn())
        except BaseException:
            self._give_back(children, seats)
            raise
        if len(children) < seats:
            self._give_back([], seats - len(children))
        return children

    def _another(self) -> ReadingProcess | None:
        """One more child, where a seat is free."""
        with self._changed:
            if self._closed or not self._seats:
                return None
            self._seats -= 1
            resting = self._idle.pop()[1] if self._idle else None
        if resting and resting.alive:
            return resting
        try:
            if resting:
                resting.stop()
            return self._spawn()
        except BaseException:
            self._give_back([], 1)
            raise

    def _give_back(self, children: list[ReadingProcess], seats: int) -> None:
        with self._changed:
            self._seats += seats
            now = time.monotonic()
            keep = not self._closed
            if keep:
                self._idle.extend((now, child) for child in children)
                self._employ_janitor()
            self._changed.notify_all()
        if not keep:
            for child in children:
                child.stop()

    def _employ_janitor(self) -> None:
        if self._idle and self._janitor is None:
            self._janitor = threading.Thread(target=self._stop_the_idle, name="readers-idle", daemon=True)
            self._janitor.start()

    def _stop_the_idle(self) -> None:
        """Runs as a thread as long as there are resting children."""
        while True:
            with self._changed:
                if not self._idle:
                    self._janitor = None
                    return
                remaining = self._idle[0][0] + self._idle_after - time.monotonic()
                if remaining > 0:
                    self._changed.wait(remaining)
                    continue
                child = self._idle.pop(0)[1]
            child.stop()


class Round:
    """One `read_many`: mails go to whichever child has room, dead children are replaced, results are told."""

    def __init__(
        self,
        children: list[ReadingProcess],
        count: int,
        load: Load,
        done: Done,
        *,
        spawn: Callable[[], ReadingProcess],
        another: Callable[[], ReadingProcess | None],
        limits: Limits,
    ) -> None:
        self._children = children
        self._next = 0
        self._count = count
        self._load = load
        self._done = done
        self._spawn = spawn
        self._another = another
        self._help_at = inf  # when another child would be of use; counted from the moment one is ready to read
        self._limits = limits
        self._again: deque[Job] = deque()  # waited in the pipe of a child that died over another mail
        self._left = count

    def run(self) -> None:
        """Every mail is done."""
        while self._left:
            for child in self._children:
                self._fill(child)
            self._kill_the_slow()
            self._get_help()
            for child in self._ready():
                self._collect(child)

    def _fill(self, child: ReadingProcess) -> None:
        while child.has_room and (job := self._next_job(child)) is not None:
            child.submit(job)

    def _next_job(self, child: ReadingProcess) -> Job | None:
        if self._again:
            return self._again.popleft()
        # The last mails are shared out one by one: a second mail would wait here while another child has nothing to do.
        scarce = self._count - self._next < len(self._children)
        if self._next == self._count or (scarce and child.jobs):
            return None
        number, self._next = self._next, self._next + 1
        raw, envelope_from = self._load(number)
        return Job(number, raw, len(raw), envelope_from)

    def _ready(self) -> list[ReadingProcess]:
        """The children with something to say, after sending what they take."""
        busy = [child for child in self._children if child.jobs]
        timeout = max(0.0, min(self._help_at, *(child.deadline for child in busy)) - time.monotonic())
        with DefaultSelector() as selector:
            for child in busy:
                selector.register(child.output, EVENT_READ, child)
                if child.wants_to_send:
                    selector.register(child.input, EVENT_WRITE, child)
            events = selector.select(timeout)
        for key, mask in events:
            if mask & EVENT_WRITE:
                key.data.send()
        return [key.data for key, mask in events if mask & EVENT_READ]

    def _kill_the_slow(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.jobs and child.deadline <= now:
                child.kill(self._limits.too_long)

    def _get_help(self) -> None:
        """There is one more child where the mails that are left take long."""
        now = time.monotonic()
        if self._help_at == inf and any(child.started for child in self._children):
            self._help_at = now + HURRY
        if self._help_at > now:
            return
        self._help_at = now + HURRY
        if (self._again or self._next < self._count) and (child := self._another()) is not None:
            self._children.append(child)
            self._fill(child)

    def _collect(self, child: ReadingProcess) -> None:
        results, lives = child.receive()
        for job, result in results:
            self._tell(job, result)
        if not lives:
            self._replace(child)

    def _replace(self, child: ReadingProcess) -> None:
        """The mail in work killed its child and is told so; a mail waiting behind it goes to another."""
        reason = child.bury()
        guilty, *waiting = child.jobs
        child.jobs.clear()
        self._children.remove(child)
        self._again.extend(waiting)
        self._tell(guilty, ReadingFailed(reason=reason))
        if self._left:
            self._children.append(self._spawn())

    def _tell(self, job: Job, result: Message | ReadingFailed) -> None:
        self._left -= 1
        self._done(job.number, result)
