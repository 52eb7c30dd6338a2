"""The daemon as users run it: its own process, its folder, its words to systemd; and somebody who takes our outgoing mail."""

from __future__ import annotations

import contextlib
import email
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from mailbridge.store.engine import Store
from tests.forked import PATIENCE, commanded
from tests.harness import write_rules
from tests.servers.processes import processor_time, wait_until

ROOT = Path(__file__).parents[2]


def environment(**more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MAILBRIDGE_", "NOTIFY_"))}
    return kept | {"PYTHONPATH": str(ROOT)} | more


def mailbridge(folder: Path, *arguments: str, stdin: bytes = b"", **more: str) -> subprocess.CompletedProcess[bytes]:
    """One command of the command line on the desk in `folder`.  An interpreter of its own, which takes a second to import the program,
    only for a daemon, and where a library has to be loaded before it."""
    if arguments[0] != "run" and "LD_PRELOAD" not in more:
        return commanded(folder, *arguments, environment=environment(**more), stdin=stdin)
    command = [sys.executable, "-m", "mailbridge", *arguments]
    return subprocess.run(command, cwd=folder, env=environment(**more), input=stdin, capture_output=True, timeout=60, check=False)


def write_desk(folder: Path, toml: str, rules: dict[str, str] | None = None) -> None:
    (folder / "mailbridge.toml").write_text(toml)
    (folder / "password").write_text("secret\n")
    (folder / "password").chmod(0o600)
    write_rules(folder, rules)


def handing_over(given: Mapping[str, socket.socket]) -> tuple[list[str], list[int]]:
    """What starts a command with these sockets as sd_listen_fds(3) says: the words before it, and the descriptors to pass."""
    if not given:
        return [], []
    numbers = [one.fileno() for one in given.values()]
    assert min(numbers) >= 3 + len(numbers), "a number that is passed must not be one of those that systemd uses"
    return [sys.executable, "-c", LIKE_SYSTEMD, ",".join(map(str, numbers)), ":".join(given)], numbers


LIKE_SYSTEMD = """
import os, sys
numbers, names, *command = sys.argv[1:]
for place, number in enumerate(numbers.split(",")):
    os.dup2(int(number), 3 + place)
    os.close(int(number))
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(numbers.split(","))), "LISTEN_FDNAMES": names}
os.execv(command[0], command)
"""


class Running:
    """A mailbridge process; `ready` when it told systemd so.  `given`: listening sockets that are handed over as systemd does, by name."""

    def __init__(
        self,
        folder: Path,
        command: str = "run",
        given: Mapping[str, socket.socket] | None = None,
        *,
        program: str = "mailbridge",
        **more: str,
    ) -> None:
        """`program`: the module that is run, in a test that shortens limits another one than the program itself."""
        self.folder = folder
        before, passed = handing_over(given or {})
        with contextlib.ExitStack() as stack:
            bell = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            # An abstract name: a path below a test's folder can be too long for a socket.
            name = f"mailbridge-test-{os.getpid()}-{id(self)}"
            bell.bind(f"\0{name}")
            bell.settimeout(PATIENCE)
            with (folder / f"{command}.log").open("ab") as log:
                self.process = subprocess.Popen(
                    [*before, sys.executable, "-m", program, command, "--desk", str(folder)],
                    env=environment(NOTIFY_SOCKET=f"@{name}", **more),
                    pass_fds=passed,
                    stdout=log,
                    stderr=log,
                )
            try:
                said = bell.recv(100)
            except TimeoutError:
                self.kill()
                raise AssertionError(f"not ready after {PATIENCE:.0f} s: {self.log()[-3000:]}") from None
            assert said == b"READY=1", f"{said!r}: {self.log()[-3000:]}"

    def log(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)

    def stop(self) -> int:
        """The exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def processor_time(self) -> float:
        """Seconds that the process itself has worked, its readers not counted.  Other work on the machine does not make it much longer."""
        return processor_time(self.process.pid)

    def hang_up(self) -> None:
        self.process.send_signal(signal.SIGHUP)


@contextlib.contextmanager
def running(folder: Path, command: str = "run", **more: str) -> Iterator[Running]:
    daemon = Running(folder, command, **more)
    try:
        yield daemon
    finally:
        if daemon.process.poll() is None:
            daemon.stop()


@dataclass
class Sink:
    """A mail server that takes everything and keeps it."""

    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        mail = email.message_from_bytes(bytes(envelope.content or b""), policy=default)
        self.mails += [(recipient, mail) for recipient in envelope.rcpt_tos]  # type: ignore[list-item]
        return "250 taken"

    def to(self, recipient: str) -> list[EmailMessage]:
        return [mail for address, mail in self.mails if address == recipient]


@contextlib.contextmanager
def sink(port: int) -> Iterator[Sink]:
    handler = Sink()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield handler
    finally:
        controller.stop()


@contextlib.contextmanager
def looking(url: str) -> Iterator[Store]:
    store = Store(url)
    try:
        yield store
    finally:
        store.close()


def settled(store: Store, mails: int) -> bool:
    """Whether so many mails are done and none waits."""
    with store.read() as tx:
        counts: Mapping[str, int] = tx.inbox.counts()
    return counts["done"] >= mails and counts["new"] == counts["claimed"] == 0


def until_settled(store: Store, mails: int, patience: float = 60.0) -> None:
    wait_until(lambda: settled(store, mails), f"{mails} mails are done", patience)


def as_json(done: subprocess.CompletedProcess[bytes]) -> Any:
    return json.loads(done.stdout)
