"""SIGTERM while servers around the daemon hang: it ends within ten seconds, in order, and loses nothing."""

from __future__ import annotations

import smtplib
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

from mailbridge.store.engine import Store
from tests.e2e.running import looking, running, write_desk
from tests.harness import a_mail
from tests.servers.processes import free_ports, wait_until

POLLERS = 50
LONGEST = 10.0  # seconds
DESK = """
[desk]
name = "Acme Support"
address = "support@desk.test"
[authenticity]
check = "headers"
[[listener]]
protocol = "lmtp"
port = {lmtp}
trusted_peers = ["127.0.0.1"]
[outgoing]
url = "maildir:out"
[scan]
rspamd = "http://127.0.0.1:{rspamd}"
time_limit = "60s"
on_failure = "accept"
"""
BOX = """
[[mailbox]]
name = "box{number}"
host = "127.0.0.1"
port = {imap}
tls = "none"
user = "user"
password_file = "password"
"""


class Silent:
    """Takes connections, says one line at most, and nothing more."""

    def __init__(self, greeting: bytes = b"") -> None:
        self._greeting = greeting
        self._server = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self._server.getsockname()[1]
        self.open: list[socket.socket] = []
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                connection.sendall(self._greeting)
                self.open.append(connection)

    def close(self) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        for one in (self._server, *self.open):
            one.close()


@contextmanager
def silent(greeting: bytes = b"") -> Iterator[Silent]:
    server = Silent(greeting)
    try:
        yield server
    finally:
        server.close()


def waiting(store: Store) -> int:
    with store.read() as tx:
        counts = tx.inbox.counts()
    return counts["new"] + counts["claimed"]


def test_fifty_pollers_and_a_scanner_that_hang_do_not_hold_up_the_end(tmp_path: Path) -> None:
    (lmtp,) = free_ports(1)
    with silent(b"* OK ready\r\n") as imap, silent() as rspamd, looking(f"sqlite:///{tmp_path}/mailbridge.db") as store:
        boxes = "".join(BOX.format(number=number, imap=imap.port) for number in range(POLLERS))
        write_desk(tmp_path, DESK.format(lmtp=lmtp, rspamd=rspamd.port) + boxes)
        with running(tmp_path) as daemon:
            wait_until(lambda: len(imap.open) >= POLLERS, "every mailbox has a connection")
            with smtplib.LMTP("127.0.0.1", lmtp) as client:
                client.sendmail("carol@customer.test", ["support@desk.test"], a_mail())
            wait_until(lambda: len(rspamd.open) > 0, "the scanner has the mail")
            began = time.monotonic()
            code = daemon.stop()
            took = time.monotonic() - began
        assert (code, took <= LONGEST) == (0, True), f"it took {took:.1f} s: {daemon.log()[-3000:]}"
        assert waiting(store) == 1, "the mail is not filed as if the scanner had failed"
