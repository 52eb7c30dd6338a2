"""The demo's desk: a new folder, a free port, and the real daemon in its own process."""

from __future__ import annotations

import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from mailbridge.cli.demo_samples import SampleMail
from mailbridge.cli.init import write_desk
from mailbridge.errors import InUse, Permanent
from mailbridge.ops.private import private_folder, private_log

if TYPE_CHECKING:
    from mailbridge.config.model import Config
    from mailbridge.store.engine import Store

MARK = ".mailbridge-demo"
FIRST_PORT, LAST_PORT = 2525, 2599
FIRST_PAGES, LAST_PAGES = 8080, 8199
START = 60.0  # seconds in which the daemon must start


def new_desk(folder: Path, port: int) -> None:
    """Creates a demo desk in `folder`.  An existing folder is deleted first, but only if a demo made it."""
    if (folder / MARK).is_file():
        refuse_running(folder)
        shutil.rmtree(folder)
    private_folder(folder)
    pages = free_port(FIRST_PAGES, LAST_PAGES) if has_pages() else 0
    write_desk(folder, name="Demo Support", address="support@demo.example", demo=True, port=port, pages=pages)
    (folder / MARK).write_text("made by `mailbridge demo`, which may delete this folder\n", encoding="utf-8")


def refuse_running(folder: Path) -> None:
    """Raises InUse when a demo still runs in the folder."""
    from mailbridge.config.load import load
    from mailbridge.store.engine import Store

    if not (folder / "mailbridge.db").exists():
        return
    store = Store(load(folder).store_url)
    try:
        with store.instance_lock():
            return
    except Permanent as error:
        raise InUse(f"another demo is running in {folder}: stop it, or choose another folder with --dir") from error
    finally:
        store.close()


def has_pages() -> bool:
    """Whether the packages of the pages are installed."""
    return find_spec("uvicorn") is not None and find_spec("starlette") is not None


def free_port(first: int = FIRST_PORT, last: int = LAST_PORT) -> int:
    """The first free TCP port on 127.0.0.1 from `first` to `last`.  Raises Permanent where none is free."""
    for port in range(first, last + 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Permanent(f"no free port between {first} and {last} on 127.0.0.1")


class DemoDaemon:
    """The daemon of the demo as a child process.  Its log is in the desk's folder."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.log = folder / "mailbridge.log"
        command = [sys.executable, "-m", "mailbridge", "run", "--desk", str(folder)]
        with private_log(self.log) as log:
            # In its own session the daemon gets no SIGINT from the terminal.  `stop` ends it in order.
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603

    def wait_until_ready(self) -> None:
        """Returns when the log says that the daemon started.  Raises Permanent with the end of the log when it does not.

        A greeting on the port is no proof: another demo may have bound the port first.
        """
        end = time.monotonic() + START
        while time.monotonic() < end:
            self.check()
            if "daemon_started" in self.log.read_text(encoding="utf-8", errors="replace"):
                return
            time.sleep(0.05)
        raise Permanent(f"the daemon does not answer on port {self.port}\n{self.last_words()}")

    def check(self) -> None:
        """Raises Permanent when the daemon has exited."""
        if self.process.poll() is not None:
            raise Permanent(f"the daemon ended with code {self.process.returncode}\n{self.last_words()}")

    def last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
        return "\n".join([f"{self.log} ends with:", *lines])

    def send(self, sample_mail: SampleMail) -> None:
        """Sends the mail by SMTP.  It is stored in the daemon's inbox when this returns."""
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="demo.example", timeout=30) as server:
            server.sendmail(sample_mail.mail_from, sample_mail.recipients, sample_mail.raw, mail_options=["BODY=8BITMIME"])

    def stop(self) -> None:
        """Stops the daemon by SIGTERM, and by SIGKILL after 15 seconds."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextmanager
def running(folder: Path) -> Iterator[DemoDaemon]:
    """Creates a desk in `folder` and runs its daemon while the block runs."""
    daemon = started(folder)
    try:
        yield daemon
    finally:
        daemon.stop()


def started(folder: Path) -> DemoDaemon:
    """Creates a desk and starts its daemon.  If another process takes the port in between, tries again with the next free one."""
    port = free_port()
    while True:
        new_desk(folder, port)
        daemon = DemoDaemon(folder, port)
        try:
            daemon.wait_until_ready()
        except BaseException as error:
            daemon.stop()
            taken = free_port(port) != port
            if not isinstance(error, Permanent) or not taken:
                raise
            port = free_port(port)
            continue
        return daemon


def sign_in_links(store: Store, config: Config) -> list[tuple[str, str]]:
    """A new sign-in link of each active agent, with the agent's title; each works for a day."""
    from mailbridge.daemon.app import App
    from mailbridge.execution.sign_in import link_to, request_sign_in

    app = App(config)
    try:
        desk, now = app.desk(), app.clock.now()
        agents = [agent for agent in desk.organisation.agents.values() if agent.active and agent.address]
        with store.write() as tx:
            found = [request_sign_in(tx, desk, agent.address, now, valid_for=timedelta(days=1)) for agent in agents]
        return [(agent.title, link_to(desk, one.id, one.requested_at)) for agent, one in zip(agents, found, strict=True)]
    finally:
        app.close()
