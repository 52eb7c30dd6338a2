"""The fork server of tests/forked.py imports this before its first process: it lives one life of a desk.

So a process has in memory what the first use loads and compiles: modules, templates, catalogues, the tables of the reader.  And the server
of its readers is a fork of itself, not a new interpreter.  What a desk does to its files, its database and its pipes stays as it is.
"""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from mailbridge.sandbox import fork_server, forkserver
from mailbridge.sandbox.pool import READER
from tests.compiled import compile_once
from tests.crash.rounds import IN_MEMORY, fed
from tests.crash.victim import live
from tests.harness import put_new_database


class Forked:
    """What `ForkServer` uses of `subprocess.Popen`, for its one command."""

    def __init__(self, command: list[str], *, stdin: int, **_: object) -> None:
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid:
            return
        code = 1
        try:
            os.setsid()
            os.dup2(stdin, 0)
            os.closerange(3, os.sysconf("SC_OPEN_MAX"))
            forkserver.main(command[-3:])
            code = 0
        finally:
            os._exit(code)

    def poll(self) -> int | None:
        return self._waited(os.WNOHANG)

    def wait(self) -> int | None:
        return self._waited(0)

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)

    def _waited(self, how: int) -> int | None:
        if self.returncode is None:
            ended, status = os.waitpid(self.pid, how)
            self.returncode = os.waitstatus_to_exitcode(status) if ended else None
        return self.returncode


def lives_once() -> None:
    """This process has had a life, in silence."""
    fork_server.subprocess = SimpleNamespace(Popen=Forked, DEVNULL=subprocess.DEVNULL)  # type: ignore[attr-defined]
    compile_once()
    forkserver.warm_up(forkserver.load(READER))
    forkserver.load_all()
    with tempfile.TemporaryDirectory(prefix="mb-warm-", dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as name, silence():
        folder = Path(name)
        fed(folder)
        put_new_database(folder / "desk.db")
        live(folder, f"sqlite:///{folder}/desk.db", 0)
    gc.collect()
    gc.freeze()


@contextmanager
def silence() -> Iterator[None]:
    before = os.dup(1), os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for place in (1, 2):
        os.dup2(nowhere, place)
    yield
    for place, file in enumerate(before, 1):
        os.dup2(file, place)
    for file in (nowhere, *before):
        os.close(file)


lives_once()
