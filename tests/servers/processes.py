"""What the private servers of the tests have in common: free ports, a user to run as, waiting until they answer and until they are gone."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.postgres import missing

PORTS = range(20000, 32000)  # below the range from which connections get their local ports
PATIENCE = 30.0


def program(name: str, package: str) -> str:
    """The path of a server program.  Without it the test is skipped, or fails where every server is required."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        missing(package)
    return str(found)


def free_ports(count: int) -> list[int]:
    """Ports on which nobody listens, all different."""
    with contextlib.ExitStack() as held:
        found: list[int] = []
        for _ in range(200):
            port = secrets.choice(PORTS)
            probe = held.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                found.append(port)
            if len(found) == count:
                return found
    raise RuntimeError("no free ports")


def as_nobody(command: list[str], folder: Path) -> list[str]:
    """The command for a server that refuses to run as root; the folder belongs to whoever runs it."""
    if os.getuid() != 0:
        return command
    shutil.chown(folder, "nobody", "nogroup")
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]


def wait_until(true: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Returns as soon as `true()`; fails the test when that takes too long."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if true():
            return
        time.sleep(0.02)
    pytest.fail(f"waited {patience:.0f} s in vain: {what}")


def wait_while_moving(
    left: Callable[[], str],
    moved: Callable[[], object],
    what: str,
    patience: float = PATIENCE,
    *,
    most: float = 20 * PATIENCE,
) -> None:
    """Returns as soon as `left()` is ''.  Fails the test with what is left after `patience` seconds without a new value of `moved()`, or
    after `most` seconds: on a machine with other work everything is slower, and what stands still is found all the same."""
    began = last = time.monotonic()
    before = moved()
    while still := left():
        now, state = time.monotonic(), moved()
        if state != before:
            before, last = state, now
        if now - last > patience or now - began > most:
            pytest.fail(f"{what}: nothing moved for {now - last:.0f} s of {now - began:.0f} s: {still}")
        time.sleep(0.05)


def processor_time(pid: int) -> float:
    """Seconds that the process itself has worked.  Other work on the machine does not make it much longer."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def greets(port: int, word: bytes) -> bool:
    """Whether a server on the port says its word: an accepted connection alone may still be the old server's."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            return connection.recv(200).startswith(word)
    except OSError:
        return False


def end(process: subprocess.Popen[bytes], signal_number: int) -> None:
    """The process is gone."""
    process.send_signal(signal_number)
    process.wait(PATIENCE)
