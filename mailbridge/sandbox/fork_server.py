"""The parent's side of the fork server."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress

from mailbridge.errors import Transient
from mailbridge.ops import log as logs
from mailbridge.sandbox.confine import Layer
from mailbridge.sandbox.forkserver import REPLY, REQUEST, ForkRequest
from mailbridge.sandbox.limits import START_SECONDS, ReadLimits

log = logs.get("reading")
# A child needs one thread only.  Memory of a large mail is returned to the system instead of being kept.
ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(1 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(8 << 20),
}
# The child gets only the variables that the interpreter needs.  Others may contain passwords.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "TMPDIR")


class ForkServer:
    """The process that forks reading children.  Thread-safe.  Requests are answered in their order, and are pipelined."""

    def __init__(self, reader: str, limits: ReadLimits) -> None:
        self.limits = limits
        self._control, theirs = socket.socketpair()
        with theirs:
            # -P: do not import from the working directory.
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
        """Requests a child with these two pipes.  Returns the request: `answer` gives the child's PID."""
        return self._ask(ForkRequest.FORK, 0, (asks, answers))

    def end(self, child: int) -> int:
        """Kills a child if it is alive; its exit code."""
        return self.answer(self._end(child))

    def dismiss(self, child: int) -> None:
        """Kills a child.  Its exit code is dropped."""
        self._end(child, wanted=False)

    def _end(self, child: int, *, wanted: bool = True) -> int:
        # The server reaps the child only on request, so its PID cannot be reused yet.
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return self._ask(ForkRequest.REAP, child, wanted=wanted)

    def answer(self, request: int) -> int:
        """Waits for the answer to a request.  Call it once for each request.  Raises Transient if the server is not running."""
        with self._lock:
            while request not in self._answers:
                self._receive()
            return self._answers.pop(request)

    def stop(self) -> None:
        """Kills the server and with it its children."""
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
        """Receives and stores the next answer."""
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


def environment() -> dict[str, str]:
    """The child's environment: the same packages as ours, without our other variables."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return inherited | ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
