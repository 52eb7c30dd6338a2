"""Processes for tests that kill them.  A fork server has the program in memory already, so a process starts at once: with an interpreter of
its own each would import everything again, which takes longer than what it does."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

from mailbridge.ops import crash
from tests.unsynced import wait_for_no_disk

PRELOADED = [
    f"tests.{name}" for name in ("crash.backup_victim", "crash.holder", "crash.traced", "crash.victim", "oauth.victim", "crash.warm")
]
PATIENCE = 60.0  # seconds


def killed(crash_at: str, act: Callable[..., object], *arguments: object, after: float | None = None, waits_for_disk: bool = False) -> bool:
    """Whether a process that did `act(*arguments)` died at the crash point (`POINT` or `POINT:VISIT`, '' for none), or was killed
    `after` so many seconds.

    `waits_for_disk`: as shipped; for a test that cuts the power (tests/unsynced.py).

    Fails the test where the process ended in another way than well or by SIGKILL, with what it said.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    with tempfile.NamedTemporaryFile(prefix="mb-forked-") as said:
        process = context.Process(target=_live, args=(said.name, crash_at, waits_for_disk, act, arguments))
        process.start()
        process.join(PATIENCE if after is None else after)
        is_over = process.exitcode is not None
        if not is_over:
            process.kill()
            process.join()
        if not is_over and after is None:
            raise AssertionError(f"not done after {PATIENCE:.0f} s: {_end_of(said.name)}")
        exit_code = process.exitcode
        process.close()
        assert exit_code in (0, -signal.SIGKILL), f"exit code {exit_code}: {_end_of(said.name)}"
    return exit_code == -signal.SIGKILL


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
