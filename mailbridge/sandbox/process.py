"""The fork server and one reading child as their parent sees them: mails go in, results come out, nothing that comes out is believed."""

from __future__ import annotations

import fcntl
import itertools
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from io import BytesIO

from mailbridge.errors import Transient
from mailbridge.message.model import Message, ReadingPolicy
from mailbridge.ops import log as logs
from mailbridge.sandbox import frames
from mailbridge.sandbox.child import OUT_OF_MEMORY
from mailbridge.sandbox.confine import Layer
from mailbridge.sandbox.forkserver import REPLY, REQUEST, ForkRequest
from mailbridge.sandbox.frames import HEAD, MALFORMED, ReadResult, decode_answer, encode, fault_of, frame, put_back

START_SECONDS = 60.0
log = logs.get("reading")

READ_SIZE = 256 * 1024
PIPE_SIZE = 1 << 20
# What an answer may have beside its mail: text is there up to six times (plain, HTML, safe, parts, reply, forward), in UTF-8.
ANSWER_BASE, ANSWER_TIMES = 16 << 20, 16
LONGEST_FAILURE = 200  # characters of what a child says about its own bug
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
class ReadLimits:
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
class ReadJob:
    """A mail on its way; `number` is the caller's.  `raw` is empty once nobody needs it any more."""

    number: int
    raw: bytes
    size: int
    envelope_from: str | None


class ForkServer:
    """The process that forks reading children.  Thread-safe.  Requests are answered in their order; nobody waits for an answer that
    is not needed yet."""

    def __init__(self, reader: str, limits: ReadLimits) -> None:
        self.limits = limits
        self._control, theirs = socket.socketpair()
        with theirs:
            # -P: the working directory is no place to import from.
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-P", "-m", "mailbridge.sandbox.forkserver", reader, str(limits.seconds), str(limits.memory)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                env=environment(),
            )
        self._control.settimeout(START_SECONDS)
        self._lock = threading.Lock()
        self._ready = False
        self._asked = itertools.count()
        self._open: deque[int] = deque()  # requests without an answer, oldest first
        self._unwanted: set[int] = set()
        self._answers: dict[int, int] = {}

    @property
    def number(self) -> int:
        return int(self._process.pid)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def fork(self, asks: int, answers: int) -> int:
        """The request for a child with these two pipes; its number comes later."""
        return self._ask(ForkRequest.FORK, 0, (asks, answers))

    def end(self, child: int) -> int:
        """The exit code of a child, killed if it still lives."""
        return self.answer(self._end(child))

    def dismiss(self, child: int) -> None:
        """The child is killed; nobody asks how it ended."""
        self._end(child, wanted=False)

    def _end(self, child: int, *, wanted: bool = True) -> int:
        # It is reaped only when we ask for that, so its number cannot be another process's yet.
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return self._ask(ForkRequest.REAP, child, wanted=wanted)

    def answer(self, request: int) -> int:
        """The answer to a request, waited for; asked for once.  Raises Transient where the server does not start, or is gone."""
        with self._lock:
            while request not in self._answers:
                self._receive()
            return self._answers.pop(request)

    def stop(self) -> None:
        """The server and its children are gone, whatever they do."""
        self._process.kill()
        self._process.wait()
        self._control.close()

    def _ask(self, request: ForkRequest, number: int, pipes: tuple[int, ...] = (), *, wanted: bool = True) -> int:
        with self._lock:
            try:
                socket.send_fds(self._control, [REQUEST.pack(request, number)], pipes)
            except OSError as error:
                raise self._failed() from error
            asked = next(self._asked)
            self._open.append(asked)
            if not wanted:
                self._unwanted.add(asked)
            return asked

    def _receive(self) -> None:
        """One more answer is there."""
        if not self._ready:
            self._tell_missing(self._read())
            self._ready = True
        answer, request = self._read(), self._open.popleft()
        if request in self._unwanted:
            self._unwanted.discard(request)
        else:
            self._answers[request] = answer

    def _read(self) -> int:
        data = b""
        try:
            while len(data) < REPLY.size and (more := self._control.recv(REPLY.size - len(data))):
                data += more
        except OSError as error:
            raise self._failed() from error
        if len(data) < REPLY.size:
            raise self._failed()
        return int(REPLY.unpack(data)[0])

    def _failed(self) -> Transient:
        what = "The reading process ended" if self._ready else "The reading process does not start; its error stands above on stderr"
        return Transient(what, exit=self._process.poll())

    def _tell_missing(self, bits: int) -> None:
        if missing := [str(layer) for place, layer in enumerate(Layer) if bits >> place & 1]:
            log.warning("sandbox_incomplete", missing=missing)


class ReadingProcess:
    """A child with at most AT_ONCE mails in it.  One thread at a time; all I/O but `bury` is non-blocking, driven by a selector.

    `jobs[0]` is the mail in work; its clock started when it became the first.
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
        """Whether its end of the output is still open."""
        watch = select.poll()
        watch.register(self.output, 0)
        return self._server.alive and not watch.poll(0)

    @property
    def started(self) -> bool:
        """Whether it has said that it is ready to read."""
        return self._started

    @property
    def number(self) -> int:
        """Its process number, waited for."""
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
        """`job` is in the child or on its way there."""
        if not self.jobs and self._started:
            self._start_clock()
        elif not self.jobs:  # forked ahead of time, perhaps long ago
            self.deadline = time.monotonic() + START_SECONDS
        self.jobs.append(job)
        request = frame(encode(frames.ReadRequest(size=job.size, envelope_from=job.envelope_from)))
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

    def receive(self) -> tuple[list[tuple[ReadJob, Message | ReadingFailed]], bool]:
        """The results that came in, and whether the child may go on."""
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
        """The child has to die, because of `reason`; `bury` kills it and tells."""
        self._killed = reason

    def bury(self) -> str:
        """The child is gone and its pipes closed; why it died."""
        self._close()
        code = self._server.end(self.number)
        if not self._started:
            raise Transient("A reading child does not start", exit=code)
        return self._killed or reason_of(code, self._limits)

    def stop(self) -> None:
        """The child is killed, whatever it does."""
        self._close()
        with suppress(Transient):  # the server is gone, and its children with it
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
        """Bytes that the answer to the mail in work may have; none where no mail is in work."""
        return ANSWER_BASE + ANSWER_TIMES * self.jobs[0].size if self.jobs else 0

    def _start_clock(self) -> None:
        self.deadline = time.monotonic() + self._limits.seconds


class BadAnswer(Exception):
    """What the child sent is no answer to its mail: too long, or not in the form agreed on.  It is not read any further."""


class Answers:
    """Bytes from the child, cut into answers; a big content is gathered in one growing buffer and never copied whole.

    Nothing is believed: `room` says how many bytes the next answer may have in all, and an answer has to be sound.
    """

    def __init__(self, room: Callable[[], int]) -> None:
        self._allowed = room
        self._room = 0
        self._head = b""
        self._body: BytesIO | None = None
        self._missing = 0
        self._answer: ReadResult | None = None
        self._contents: dict[int, bytes] = {}

    def feed(self, data: bytes) -> Iterator[ReadResult | None]:
        """The answers complete with `data`; None is the child's "ready".  Raises BadAnswer."""
        rest = memoryview(data)
        while len(rest):
            if self._body is None:
                rest = self._take_head(rest)
                ready = not self._head and self._body is None
                if ready:
                    yield None
                continue
            rest = self._take_body(self._body, rest)
            if not self._missing and (answer := self._finish(self._body.getvalue())) is not None:
                yield answer

    def _take_head(self, data: memoryview) -> memoryview:
        needed = HEAD.size - len(self._head)
        self._head += bytes(data[:needed])
        if len(self._head) == HEAD.size:
            size = HEAD.unpack(self._head)[0]
            self._head = b""
            if size:
                self._room = self._allowed()
                self._expect(size)
        return data[needed:]

    def _take_body(self, body: BytesIO, data: memoryview) -> memoryview:
        used = min(self._missing, len(data))
        body.write(data[:used])
        self._missing -= used
        return data[used:]

    def _expect(self, size: int) -> None:
        if not 0 < size <= self._room:
            raise BadAnswer("its answer was larger than any mail of this size gives")
        self._room -= size
        self._body, self._missing = BytesIO(), size

    def _finish(self, payload: bytes) -> ReadResult | None:
        """The answer, when its contents are there as well."""
        self._body = None
        if self._answer is None:
            self._answer, self._contents = self._decoded(payload), {}
        else:
            index, _ = self._answer.apart[len(self._contents)]
            self._contents[index] = payload
        if len(self._contents) < len(self._answer.apart):
            self._expect(self._answer.apart[len(self._contents)][1])
            return None
        answer, self._answer = self._answer, None
        message = answer.message and put_back(answer.message, self._contents)
        self._contents = {}
        return ReadResult(message=message, failure=answer.failure)

    @staticmethod
    def _decoded(payload: bytes) -> ReadResult:
        try:
            answer = decode_answer(payload)
        except MALFORMED as error:
            raise BadAnswer("its answer cannot be read") from error
        if fault := fault_of(answer):
            raise BadAnswer(f"its answer cannot be true: {fault}")
        return answer


def environment() -> dict[str, str]:
    """The child's environment: it sees the very packages we see and nothing of what we know."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return inherited | ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def widen(pipe: int) -> None:
    """The pipe holds 1 MB where the system allows it (Linux): fewer changes between the processes."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)


def reason_of(code: int, limits: ReadLimits) -> str:
    """What an exit code says about the mail that was being read."""
    if code == OUT_OF_MEMORY:
        return limits.too_big
    if -code in (signal.SIGXCPU, signal.SIGALRM):
        return limits.too_long
    return f"signal {-code}" if code < 0 else f"exit {code}"
