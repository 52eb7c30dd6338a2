"""Processes for tests that kill them.  A fork server has the program in memory already, so a process starts at once: with an interpreter of
its own each would import everything again, which takes longer than what it does."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Lock

import mailbridge_desk
from mailbridge.ops import crash
from tests.unsynced import wait_for_no_disk

PRELOADED = [
    f"tests.{name}" for name in ("crash.backup_victim", "crash.holder", "crash.traced", "crash.victim", "oauth.victim", "crash.warm")
]
PATIENCE = float(os.environ.get("TESTS_PATIENCE", "60"))  # seconds
# Of the exit codes of all processes: a start looks for them too, and two threads that read one of them at once get half of it each.
ONE_READER = Lock()


def killed(crash_at: str, act: Callable[..., object], *arguments: object, after: float | None = None, waits_for_disk: bool = False) -> bool:
    """Whether a process that did `act(*arguments)` died at the crash point (`POINT` or `POINT:VISIT`, '' for none), or was killed
    `after` so many seconds.

    `waits_for_disk`: as shipped; for a test that cuts the power (tests/unsynced.py).

    Fails the test where the process ended in another way than well or by SIGKILL, with what it said.
    """
    with tempfile.NamedTemporaryFile(prefix="mb-forked-") as said:
        process = begin(_live, said.name, crash_at, waits_for_disk, act, arguments)
        exit_code = ended(process, PATIENCE if after is None else after)
        if exit_code is None:
            process.kill()
            if after is None:
                raise AssertionError(f"not done after {PATIENCE:.0f} s: {_end_of(said.name)}")
            exit_code = ended(process, PATIENCE)
        assert exit_code in (0, -signal.SIGKILL), f"exit code {exit_code}: {_end_of(said.name)}"
    return exit_code == -signal.SIGKILL


def begin(act: Callable[..., object], *arguments: object) -> BaseProcess:
    """A process that does `act(*arguments)`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=act, args=arguments)
    with ONE_READER:
        process.start()
    return process


def ended(process: BaseProcess, within: float) -> int | None:
    """The exit code, as soon as there is one within so many seconds."""
    if not connection.wait([process.sentinel], within):
        return None
    with ONE_READER:
        return process.exitcode


def commanded(folder: Path, *arguments: str, environment: Mapping[str, str], stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What `mailbridge ARGUMENTS` did in `folder`: as a process of its own with this environment, only begun with the program in memory."""
    with tempfile.TemporaryDirectory(prefix="mb-forked-") as place:
        streams = [Path(place) / name for name in ("in", "out", "err")]
        for stream in streams:
            stream.write_bytes(stdin if stream is streams[0] else b"")
        process = begin(_command, [*map(str, streams)], str(folder), arguments, dict(environment))
        exit_code = ended(process, PATIENCE)
        if exit_code is None:
            process.kill()
            raise AssertionError(f"{arguments} was not done after {PATIENCE:.0f} s: {_end_of(str(streams[2]))}")
        return subprocess.CompletedProcess(["mailbridge", *arguments], exit_code, *(stream.read_bytes() for stream in streams[1:]))


def _command(streams: list[str], folder: str, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    """In the new process."""
    for number, name in enumerate(streams):
        file = os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    sys.argv = ["mailbridge", *arguments]
    mailbridge_desk.run()


def _live(said: str, crash_at: str, waits_for_disk: bool, act: Callable[..., object], arguments: tuple[object, ...]) -> None:
    """In the new process."""
    file = os.open(said, os.O_WRONLY | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    if not waits_for_disk:
        wait_for_no_disk()
    if crash_at:
        crash.arm(crash_at)
    act(*arguments)


def _end_of(said: str) -> str:
    return Path(said).read_text(encoding="utf-8", errors="replace")[-3000:]
