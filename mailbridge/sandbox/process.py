"""The parent's side of one reading child: sends mails, receives results.  The child's output is untrusted."""

from __future__ import annotations

import fcntl
import os
import select
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace

from mailbridge.errors import Transient
from mailbridge.message.model import Message, ReadingPolicy
from mailbridge.ops import log as logs
from mailbridge.sandbox import frames
from mailbridge.sandbox.answers import Answers, BadAnswer
from mailbridge.sandbox.fork_server import ForkServer
from mailbridge.sandbox.frames import ReadResult, encode, frame
from mailbridge.sandbox.limits import START_SECONDS, ReadingFailed, reason_of

log = logs.get("reading")

READ_SIZE = 256 * 1024
PIPE_SIZE = 1 << 20
# Limit of an answer: bytes, plus a multiple of the mail's size.  Text occurs up to six times (plain, HTML, safe, parts, reply, forward).
ANSWER_BASE, ANSWER_TIMES = 16 << 20, 16
LONGEST_FAILURE = 200  # characters of a child's error message
# So many mails may be in the child or its pipe, so that it has work while the parent stores results.  Large mails are sent one by one to
# save memory.
AT_ONCE = 8
SMALL = 512 * 1024


@dataclass(frozen=True, slots=True)
class ReadJob:
    """A mail to read.  `number`: the caller's.  `size`: bytes.  `raw` is emptied once it is not needed any more."""

    number: int
    raw: bytes
    size: int
    envelope_from: str | None


class ReadingProcess:
    """A child with at most AT_ONCE mails.  Not thread-safe.  All I/O except `bury` is non-blocking and driven by a selector.

    `jobs[0]` is the mail in work.  Its time started when it became the first.
    """

    def __init__(self, server: ForkServer, policy: ReadingPolicy) -> None:
        self._server, self._limits = server, server.limits
        asks, self._stdin = os.pipe()
        self._stdout, answers = os.pipe()
        try:
            self._request = server.fork(asks, answers)
            self._number: int | None = None
        except BaseException:
            os.close(self._stdin)
            os.close(self._stdout)
            raise
        finally:
            os.close(asks)
            os.close(answers)
        self._pipes = [self._stdin, self._stdout]
        for pipe in self._pipes:
            os.set_blocking(pipe, False)
            widen(pipe)
        self._outgoing: deque[memoryview] = deque([memoryview(frame(encode(policy)))])
        self._answers = Answers(self._room)
        self._killed = ""
        self._started = False
        self.jobs: deque[ReadJob] = deque()
        self.deadline = time.monotonic() + START_SECONDS

    @property
    def input(self) -> int:
        return self._stdin

    @property
    def output(self) -> int:
        return self._stdout

    @property
    def alive(self) -> bool:
        """Whether the child's end of the output is open."""
        watch = select.poll()
        watch.register(self.output, 0)
        return self._server.alive and not watch.poll(0)

    @property
    def started(self) -> bool:
        """Whether the child has sent "ready"."""
        return self._started

    @property
    def number(self) -> int:
        """The child's PID.  Waits for it."""
        if self._number is None:
            self._number = self._server.answer(self._request)
        return self._number

    @property
    def has_room(self) -> bool:
        return not self.jobs or (len(self.jobs) < AT_ONCE and sum(job.size for job in self.jobs) <= SMALL)

    @property
    def wants_to_send(self) -> bool:
        return bool(self._outgoing)

    def submit(self, job: ReadJob) -> None:
        """Queues `job` for the child and sends as much as the pipe takes."""
        if not self.jobs and self._started:
            self._start_clock()
        elif not self.jobs:  # forked ahead of time, perhaps long before
            self.deadline = time.monotonic() + START_SECONDS
        self.jobs.append(job)
        request = frame(encode(frames.ReadRequest(size=job.size, envelope_from=job.envelope_from)))
        if job.size <= SMALL:
            self._outgoing.append(memoryview(request + job.raw))
        else:
            self._outgoing.extend((memoryview(request), memoryview(job.raw)))
        self.send()

    def send(self) -> None:
        """Writes as much as the pipe takes now."""
        try:
            while self._outgoing:
                written = os.write(self.input, self._outgoing[0])
                if written == len(self._outgoing[0]):
                    self._outgoing.popleft()
                else:
                    self._outgoing[0] = self._outgoing[0][written:]
        except BlockingIOError:
            return
        except BrokenPipeError:
            # The end of its output reports the child's death.  Its last answers may still be in the pipe.
            self._outgoing.clear()
        self._forget()

    def _forget(self) -> None:
        """Frees the bytes of a large mail once they are sent.  A mail that kills its child is not sent again."""
        if not self._outgoing and self.jobs and self.jobs[0].size > SMALL:
            self.jobs[0] = replace(self.jobs[0], raw=b"")

    def receive(self) -> tuple[list[tuple[ReadJob, Message | ReadingFailed]], bool]:
        """The results that have arrived, and whether the child can go on (False: its output ended or was invalid)."""
        try:
            data = os.read(self.output, READ_SIZE)
        except BlockingIOError:
            return [], True
        results: list[tuple[ReadJob, Message | ReadingFailed]] = []
        try:
            results.extend(self._result(answer) for answer in self._answers.feed(data) if self._is_mail(answer))
        except BadAnswer as bad:
            self._killed = str(bad)
            return results, False
        return results, bool(data)

    def condemn(self, reason: str) -> None:
        """Sets the reason for which `bury` will kill the child."""
        self._killed = reason

    def bury(self) -> str:
        """Kills the child and closes its pipes; the reason of its death.  Raises Transient if it had not started."""
        self._close()
        code = self._server.end(self.number)
        if not self._started:
            raise Transient("A reading child does not start", exit=code)
        return self._killed or reason_of(code, self._limits)

    def stop(self) -> None:
        """Kills the child and closes its pipes."""
        self._close()
        with suppress(Transient):  # the server has ended, and its children with it
            self._server.dismiss(self.number)

    def _close(self) -> None:
        while self._pipes:
            os.close(self._pipes.pop())

    def _is_mail(self, answer: ReadResult | None) -> bool:
        if answer is None and self._started:
            raise BadAnswer("its answer was empty")
        if answer is None:
            self._started = True
            self._start_clock()
        return answer is not None

    def _result(self, answer: ReadResult | None) -> tuple[ReadJob, Message | ReadingFailed]:
        job = self.jobs.popleft()
        self._start_clock()
        self._forget()
        if answer is None or answer.message is None:
            return job, ReadingFailed(reason=answer.failure[:LONGEST_FAILURE] if answer else "no answer")
        return job, answer.message

    def _room(self) -> int:
        """The most bytes of the answer to the mail in work; 0 if there is none."""
        return ANSWER_BASE + ANSWER_TIMES * self.jobs[0].size if self.jobs else 0

    def _start_clock(self) -> None:
        self.deadline = time.monotonic() + self._limits.seconds


def widen(pipe: int) -> None:
    """Sets the capacity of the pipe to 1 MB if the system allows it (Linux), to save context switches."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)


