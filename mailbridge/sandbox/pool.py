"""The parent's side: sends mails to reading children and kills those that exceed their time."""

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
from mailbridge.message.model import Message, ReadingPolicy
from mailbridge.sandbox.fork_server import ForkServer
from mailbridge.sandbox.limits import ReadingFailed, ReadLimits
from mailbridge.sandbox.process import ReadingProcess, ReadJob

__all__ = ["ReadLimits", "Readers", "ReadingFailed", "head_start"]

Load = Callable[[int], tuple[bytes, str | None] | None]
Done = Callable[[int, Message | ReadingFailed], None]

READER = "mailbridge.sandbox.read:read"
# Seconds before another child is started.  One child reads as fast as the parent can store results; a second one helps only with large
# mails, or if a mail hangs.
HURRY = 1.0
# In a backlog, batches that follow within AT_ONCE_AFTER seconds share a child for up to SHARED mails: forking and the pages that a new
# child copies cost as much as reading about ten mails.  A mail that is read alone always has its own child.
SHARED, AT_ONCE_AFTER = 200, 0.5
UNUSED = 5.0  # seconds after which a server that was started ahead of time is stopped without a first mail
PATIENCE = 3.0  # seconds that a caller waits for the batch of another caller before it gets a second child


@contextmanager
def head_start(limits: ReadLimits, reader: str = READER) -> Iterator[ForkServer]:
    """Starts a fork server in the background, while the caller loads other modules.  It is stopped after the block."""
    server = ForkServer(reader, limits)
    try:
        yield server
    finally:
        server.stop()


class Readers:
    """Reads batches of mails in forked children, up to `processes` at once.  A mail that is read alone (there is no backlog) has its own
    child.  SHARED says when others share one.

    Thread-safe.  The result of a mail that kills its child is ReadingFailed.  The next mail gets a new child.  The fork server starts with
    the first batch and is stopped when idle for `idle_after`.  `reader` is the dotted name of the function that the children run,
    `(raw, policy) -> Message`.
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
        self._limits = ReadLimits(seconds=time_limit.total_seconds(), memory=memory_limit)
        self._idle_after = idle_after.total_seconds()
        self._reader = reader
        self._changed = threading.Condition()
        self._slots = processes  # how many more children may work
        self._batches = 0  # in work
        self._server: ForkServer | None = None
        self._spare: ReadingProcess | None = None  # forked ahead of time, has read nothing
        self._kept: tuple[ReadingProcess, int, float] | None = None  # child of the last batch, mails it read, when it finished
        self._idle_since = 0.0
        self._janitor: threading.Thread | None = None
        self._closed = False

    def adopt(self, server: ForkServer) -> None:
        """Uses this server for the children.  It is stopped after UNUSED seconds without work."""
        with self._changed:
            self._server = server
            self._idle_since = time.monotonic() + UNUSED - self._idle_after
            self._employ_janitor()

    def read_many(self, count: int, load: Load, done: Done) -> None:
        """Reads the mails 0..count-1 of a batch in one child, or in several if it takes longer than HURRY.

        `load(i)` is called when a child is free, so that only a few raw mails are in memory.  It gives (raw bytes, envelope sender or
        None), or None for a mail that must not be read with others.  `done(i, result)` is called once for each mail that was read, in any
        order, in this thread.  Neither may use the pool.
        """
        if count <= 0:
            return
        with self._batch(count) as (children, another):
            Round(children, count, load, done, spawn=self._spawn, another=another, limits=self._limits).run()

    def read(self, raw: bytes, envelope_from: str | None = None) -> Message | ReadingFailed:
        """Reads one mail in its own child."""
        results: list[Message | ReadingFailed] = []
        self.read_many(1, lambda _: (raw, envelope_from), lambda _, result: results.append(result))
        return results[0]

    def close(self) -> None:
        """Kills the server and all children, also those that are reading.  A `read_many` in progress raises."""
        with self._changed:
            self._closed = True
            server = self._without_server()
            self._changed.notify_all()
        if server:
            server.stop()

    @contextmanager
    def _batch(self, count: int) -> Iterator[tuple[list[ReadingProcess], Callable[[], ReadingProcess | None]]]:
        """Gives a list with one child, and a function that gives another one if a slot is free.  Children left in the list are stopped."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._batches, PATIENCE)
            if self._closed:
                raise Permanent("The readers are closed")
            self._batches += 1
            self._slots -= 1
        children, slots, before = list[ReadingProcess](), 1, 0

        def another() -> ReadingProcess | None:
            nonlocal slots
            child = self._another()
            slots += child is not None
            return child

        try:
            kept, before = self._take_kept(count)
            children.append(kept or self._spawn())
            yield children, another
            if count > 1 and len(children) == 1 and children[0].alive:
                self._keep(children.pop(), before + count)
        finally:
            for child in children:
                child.stop()
            self._rest(slots)

    def _take_kept(self, count: int) -> tuple[ReadingProcess | None, int]:
        """The child of the previous batch if it may be reused, else None, and the number of mails it has read."""
        with self._changed:
            kept, self._kept = self._kept, None
        if kept is None:
            return None, 0
        child, read, since = kept
        if 1 < count <= SHARED - read and time.monotonic() - since < AT_ONCE_AFTER and child.alive:
            return child, read
        child.stop()
        return None, 0

    def _keep(self, child: ReadingProcess, read: int) -> None:
        with self._changed:
            earlier, self._kept = self._kept, (child, read, time.monotonic())
        if earlier:
            earlier[0].stop()

    def _spawn(self) -> ReadingProcess:
        """A child that has read nothing."""
        with self._changed:
            server = self._server_at_work()
            spare, self._spare = self._spare, None
        if spare and not spare.alive:
            spare.stop()
            spare = None
        return spare or ReadingProcess(server, self._policy)

    def _server_at_work(self) -> ForkServer:
        if self._closed:
            raise Permanent("The readers are closed")
        if self._server is None or not self._server.alive:
            if dead := self._without_server():
                dead.stop()
            self._server = ForkServer(self._reader, self._limits)
        return self._server

    def _without_server(self) -> ForkServer | None:
        """Removes the server and stops its idle children; the server, if there was one."""
        server, self._server = self._server, None
        spare, self._spare, kept, self._kept = self._spare, None, self._kept, None
        for child in (spare, kept and kept[0]):
            if child:
                child.stop()
        return server

    def _another(self) -> ReadingProcess | None:
        """One more child; None if no slot is free."""
        with self._changed:
            if self._closed or self._slots <= 0:
                return None
            self._slots -= 1
        try:
            return self._spawn()
        except BaseException:
            with self._changed:
                self._slots += 1
            raise

    def _rest(self, slots: int) -> None:
        """Ends a batch: returns its slots and forks a child for the next batch ahead of time."""
        with self._changed:
            self._slots += slots
            self._batches -= 1
            self._idle_since = time.monotonic()
            if not self._closed and self._server and self._server.alive:
                self._spare = self._spare or ReadingProcess(self._server, self._policy)
                self._employ_janitor()
            self._changed.notify_all()

    def _employ_janitor(self) -> None:
        if self._janitor is None:
            self._janitor = threading.Thread(target=self._stop_the_idle, name="readers-idle", daemon=True)
            self._janitor.start()

    def _stop_the_idle(self) -> None:
        """Stops the server after `idle_after` without work.  Runs as a thread as long as there is a server."""
        while True:
            with self._changed:
                if self._server is None:
                    self._janitor = None
                    return
                remaining = self._idle_since + self._idle_after - time.monotonic()
                if self._batches or remaining > 0:
                    self._changed.wait(max(remaining, 1.0) if self._batches else remaining)
                    continue
                server = self._without_server()
            if server:
                server.stop()


class Round:
    """One `read_many`: gives mails to children with room, replaces dead children, reports results."""

    def __init__(
        self,
        children: list[ReadingProcess],
        count: int,
        load: Load,
        done: Done,
        *,
        spawn: Callable[[], ReadingProcess],
        another: Callable[[], ReadingProcess | None],
        limits: ReadLimits,
    ) -> None:
        self._children = children
        self._next = 0
        self._count = count
        self._load = load
        self._done = done
        self._spawn = spawn
        self._another = another
        self._help_at = inf  # when to start another child; counted from when the first is ready
        self._limits = limits
        self._again: deque[ReadJob] = deque()  # mails that waited in the pipe of a child that died on another mail
        self._left = count

    def run(self) -> None:
        """Returns when all mails are done."""
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

    def _next_job(self, child: ReadingProcess) -> ReadJob | None:
        if self._again:
            return self._again.popleft()
        # The last mails are given out one by one: a second one would wait in the pipe while another child is idle.
        scarce = self._count - self._next < len(self._children)
        if scarce and child.jobs:
            return None
        while self._next < self._count:
            number, self._next = self._next, self._next + 1
            if loaded := self._load(number):
                raw, envelope_from = loaded
                return ReadJob(number, raw, len(raw), envelope_from)
            self._left -= 1
        return None

    def _ready(self) -> list[ReadingProcess]:
        """The children whose output is readable.  Sends as much as their input takes."""
        busy = [child for child in self._children if child.jobs]
        if not busy:
            return []
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
        for child in list(self._children):
            if child.jobs and child.deadline <= now:
                child.condemn(self._limits.too_long)
                self._replace(child)

    def _get_help(self) -> None:
        """Adds a child if mails are left after HURRY seconds."""
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
        """Reports ReadingFailed for the mail that killed its child, and starts a new child.  Mails that waited behind it are read again."""
        self._children.remove(child)  # first, because `bury` may raise and must not be called twice
        reason = child.bury()
        if child.jobs:  # empty if it sent bytes after its last answer
            self._tell(child.jobs.popleft(), ReadingFailed(reason=reason))
        self._again.extend(child.jobs)
        child.jobs.clear()
        if self._left:
            self._children.append(self._spawn())

    def _tell(self, job: ReadJob, result: Message | ReadingFailed) -> None:
        self._left -= 1
        self._done(job.number, result)
