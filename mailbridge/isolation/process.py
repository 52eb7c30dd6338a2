"""One reading child as its parent sees it: mails go in, results come out, and it is killed when it takes too long."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Self

from mailbridge.errors import Transient
from mailbridge.isolation.child import OUT_OF_MEMORY
from mailbridge.isolation.frames import HEAD, Answer, Request, decode_answer, encode, frame, put_back
from mailbridge.message.model import Message, ReadingPolicy

START_SECONDS = 60.0
READ_SIZE = 256 * 1024
PIPE_SIZE = 1 << 20
# One thread is all a child needs; what a big mail took goes back to the system instead of staying for the next big one.
ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(1 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(8 << 20),
}
# Of ours the child gets what the interpreter needs to start; passwords may stand in the rest.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "TMPDIR")
# A few mails wait in the pipe while the child reads one, so that it has work while we file what it read; not so where they are big:
# then memory counts more than time.
AT_ONCE = 8
SMALL = 512 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingFailed:
    """The child died over this mail or exceeded a limit; `reason` says which ('more than 20 s', 'more than 512 MB', 'signal 11')."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one mail may cost."""

    seconds: float
    memory: int

    @property
    def too_long(self) -> str:
        return f"more than {self.seconds:g} s"

    @property
    def too_big(self) -> str:
        return f"more than {self.memory >> 20} MB"


@dataclass(frozen=True, slots=True)
class Job:
    """A mail on its way; `number` is the caller's.  `raw` is empty once nobody needs it any more."""

    number: int
    raw: bytes
    size: int
    envelope_from: str | None


class ReadingProcess:
    """A child with at most AT_ONCE mails in it.  One thread at a time; all I/O but `wait` is non-blocking, driven by a selector.

    `jobs[0]` is the mail in work; its clock started when it became the first.  Before the first mail it has to know the policy.
    """

    def __init__(self, reader: str, limits: Limits) -> None:
        self._limits = limits
        # -P: the working directory is no place to import from.
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", "mailbridge.isolation.child", reader, str(limits.seconds), str(limits.memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
            env=environment(),
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise Transient("The reading process has no pipes")
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        for pipe in (self._stdin, self._stdout):
            os.set_blocking(pipe.fileno(), False)
            widen(pipe.fileno())
        self._outgoing: deque[memoryview] = deque()
        self._answers = Answers()
        self._killed = ""
        self._started = False
        self.jobs: deque[Job] = deque()
        self.deadline = time.monotonic() + START_SECONDS

    def introduce(self, policy: ReadingPolicy) -> Self:
        """The child reads by this policy; called once, before the first mail."""
        self._outgoing.append(memoryview(frame(encode(policy))))
        return self

    @property
    def input(self) -> int:
        return self._stdin.fileno()

    @property
    def output(self) -> int:
        return self._stdout.fileno()

    @property
    def alive(self) -> bool:
        return not self._killed and self._process.poll() is None

    @property
    def started(self) -> bool:
        """Whether it has said that it is ready to read."""
        return self._started

    @property
    def has_room(self) -> bool:
        return not self.jobs or (len(self.jobs) < AT_ONCE and sum(job.size for job in self.jobs) <= SMALL)

    @property
    def wants_to_send(self) -> bool:
        return bool(self._outgoing)

    def submit(self, job: Job) -> None:
        """`job` is in the child or on its way there."""
        if not self.jobs and self._started:
            self._start_clock()
        self.jobs.append(job)
        request = frame(encode(Request(size=job.size, envelope_from=job.envelope_from)))
        if job.size <= SMALL:
            self._outgoing.append(memoryview(request + job.raw))
        else:
            self._outgoing.extend((memoryview(request), memoryview(job.raw)))
        self.send()

    def send(self) -> None:
        """As much is written as the pipe takes now."""
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
            # Its death is told by the end of its output, where the last answers may still stand.
            self._outgoing.clear()
        self._forget()

    def _forget(self) -> None:
        """A big mail that the child works on is not kept here as well: should it kill the child, it is not read again."""
        if not self._outgoing and self.jobs and self.jobs[0].size > SMALL:
            self.jobs[0] = replace(self.jobs[0], raw=b"")

    def receive(self) -> tuple[list[tuple[Job, Message | ReadingFailed]], bool]:
        """The results that came in, and whether the child still lives."""
        try:
            data = os.read(self.output, READ_SIZE)
        except BlockingIOError:
            return [], True
        if not data:
            return [], False
        return [self._result(answer) for answer in self._answers.feed(data) if self._is_mail(answer)], True

    def kill(self, reason: str) -> None:
        """The child is dying, because of `reason`; `receive` will tell."""
        self._killed = reason
        self._process.kill()

    def bury(self) -> str:
        """The child is gone and its pipes closed; why it died."""
        code = self._close()
        if not self._started:
            raise Transient("The reading process does not start; its error stands above on stderr", exit=code)
        return self._killed or reason_of(code, self._limits)

    def stop(self) -> None:
        """The child is killed and buried, whatever it does."""
        self._process.kill()
        self._close()

    def _close(self) -> int:
        code = self._process.wait()
        self._stdin.close()
        self._stdout.close()
        return code

    def _is_mail(self, answer: Answer | None) -> bool:
        if answer is None:
            self._started = True
            self._start_clock()
        return answer is not None

    def _result(self, answer: Answer | None) -> tuple[Job, Message | ReadingFailed]:
        job = self.jobs.popleft()
        self._start_clock()
        self._forget()
        if answer is None or answer.message is None:
            return job, ReadingFailed(reason=answer.failure if answer else "no answer")
        return job, answer.message

    def _start_clock(self) -> None:
        self.deadline = time.monotonic() + self._limits.seconds


class Answers:
    """Bytes from the child, cut into answers; a big content is gathered in one growing buffer and never copied whole."""

    def __init__(self) -> None:
        self._head = b""
        self._body: BytesIO | None = None
        self._missing = 0
        self._answer: Answer | None = None
        self._contents: dict[int, bytes] = {}

    def feed(self, data: bytes) -> list[Answer | None]:
        """The answers complete with `data`; None is the child's "ready"."""
        complete: list[Answer | None] = []
        rest = memoryview(data)
        while len(rest):
            rest = self._take_body(rest, complete) if self._body is not None else self._take_head(rest, complete)
        return complete

    def _take_head(self, data: memoryview, complete: list[Answer | None]) -> memoryview:
        needed = HEAD.size - len(self._head)
        self._head += bytes(data[:needed])
        if len(self._head) == HEAD.size:
            size = HEAD.unpack(self._head)[0]
            self._head = b""
            if size:
                self._expect(size)
            else:
                complete.append(None)
        return data[needed:]

    def _take_body(self, data: memoryview, complete: list[Answer | None]) -> memoryview:
        if self._body is None:
            return data
        used = min(self._missing, len(data))
        self._body.write(data[:used])
        self._missing -= used
        if not self._missing:
            payload, self._body = self._body.getvalue(), None
            self._finish(payload, complete)
        return data[used:]

    def _expect(self, size: int) -> None:
        self._body, self._missing = BytesIO(), size

    def _finish(self, payload: bytes, complete: list[Answer | None]) -> None:
        if self._answer is None:
            self._answer, self._contents = decode_answer(payload), {}
        else:
            index, _ = self._answer.apart[len(self._contents)]
            self._contents[index] = payload
        if len(self._contents) < len(self._answer.apart):
            self._expect(self._answer.apart[len(self._contents)][1])
            return
        answer, self._answer = self._answer, None
        message = answer.message and put_back(answer.message, self._contents)
        self._contents = {}
        complete.append(Answer(message=message, failure=answer.failure))


def environment() -> dict[str, str]:
    """The child's environment: it sees the very packages we see and nothing of what we know."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return inherited | ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def widen(pipe: int) -> None:
    """The pipe holds 1 MB where the system allows it (Linux): fewer changes between the processes."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)


def reason_of(code: int, limits: Limits) -> str:
    """What an exit code says about the mail that was being read."""
    if code == OUT_OF_MEMORY:
        return limits.too_big
    if -code in (signal.SIGXCPU, signal.SIGALRM):
        return limits.too_long
    return f"signal {-code}" if code < 0 else f"exit {code}"
