"""Processes of a desk that strace(1) kills at, or fails in, one of their system calls.

A process comes from the fork server, stops itself, and goes on when strace has attached to it: so the first call of `act` is the first
that counts.  strace counts the calls of each thread by itself.  The disk is waited for as shipped (tests/unsynced.py is not in force).
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.forked import PATIENCE, begin, ended
from tests.servers.processes import program, wait_until

# What changes something outside of the process, and what locks it.  strace leaves out those that a machine has not (`?`).
CHANGING = (
    "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "openat", "fcntl", "mkdir", "rename", "renameat2", "link", "linkat", "unlink",
    "unlinkat", "sendto", "sendmsg",
)  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """The `number`-th call of this name in a thread, from 1."""

    call: str
    number: int

    def __str__(self) -> str:
        return f"{self.call}#{self.number}"


def killed_at(point: Point, act: Callable[..., object], *arguments: object) -> bool:
    """Whether a process came to the point, and was killed before this call did anything.

    It may be one that reads mails, and not the desk itself.  The desk says then that it has to try again (Transient), as its loops would.
    """
    exit_code, said = _live(f"inject={point.call}:signal=KILL:when={point.number}", act, arguments)
    assert exit_code in (0, -signal.SIGKILL) or "mailbridge.errors.Transient: " in said, f"{point}: exit code {exit_code}: {said}"
    return exit_code != 0


def failed_at(point: Point, error: str, act: Callable[..., object], *arguments: object) -> bool:
    """The call did nothing and returned this error; whether the process ended by that.  It may end well, or by an error that it names."""
    exit_code, said = _live(f"inject={point.call}:error={error}:when={point.number}", act, arguments)
    assert exit_code in (0, 1), f"{point}, {error}: exit code {exit_code}: {said}"
    return exit_code == 1


def points_of(act: Callable[..., object], *arguments: object) -> list[Point]:
    """Each call in `CHANGING` that the main thread makes when nobody disturbs it."""
    with tempfile.NamedTemporaryFile(prefix="mb-calls-") as calls:
        exit_code, said = _live(f"trace={_all()}", act, arguments, calls.name)
        assert exit_code == 0, said
        lines = Path(calls.name).read_text(errors="replace").splitlines()
    main = lines[0].split()[0]
    made = Counter(found[1] for line in lines if (found := re.match(rf"{main} +(\w+)\(", line)))
    return [Point(call, number) for call in sorted(made) for number in range(1, made[call] + 1)]


def _all() -> str:
    return ",".join(f"?{call}" for call in CHANGING)


@cache
def _strace() -> str:
    return program("strace", "strace")


def _live(what: str, act: Callable[..., object], arguments: tuple[object, ...], calls: str = "/dev/null") -> tuple[int | None, str]:
    """The exit code of a process that did `act(*arguments)` under strace with this expression, and the end of what it said."""
    with tempfile.NamedTemporaryFile(prefix="mb-traced-") as said:
        process = begin(_stop_and_act, said.name, act, arguments)
        wait_until(lambda: _is_stopped(process), "the process stopped itself", PATIENCE)
        trace = f"trace={what.partition('=')[2].partition(':')[0]}"
        command = [_strace(), "-f", "-o", calls, "-e", trace, "-e", "signal=none", "-e", what, "-p", str(process.pid)]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as tracer:
            assert tracer.stderr is not None
            attached = tracer.stderr.readline()
            assert b"attached" in attached, attached
            os.kill(process.pid or 0, signal.SIGCONT)
            exit_code = ended(process, PATIENCE)
            if exit_code is None:
                process.kill()
                raise AssertionError(f"{what}: not done after {PATIENCE:.0f} s: {_end_of(said.name)}")
            tracer.terminate()  # children that outlive the desk for a moment are let go
        return exit_code, _end_of(said.name)


def _stop_and_act(said: str, act: Callable[..., object], arguments: tuple[object, ...]) -> None:
    file = os.open(said, os.O_WRONLY | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.kill(os.getpid(), signal.SIGSTOP)
    act(*arguments)


def _is_stopped(process: BaseProcess) -> bool:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] in "Tt"


def _end_of(said: str) -> str:
    return Path(said).read_text(encoding="utf-8", errors="replace")[-3000:]
