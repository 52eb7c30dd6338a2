"""A restart that no client notices: the sockets are kept, as systemd keeps them, while one daemon follows another.

`make nightly PART=restarts` goes on restarting for TESTS_RESTARTS_SECONDS, at moments of TESTS_RESTARTS_SEED.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from random import Random
from threading import Event, Thread
from time import monotonic

import pytest

from tests.e2e.running import Running, looking, mailbridge, write_desk
from tests.intake.wire import Wire

SECONDS = int(os.environ.get("TESTS_RESTARTS_SECONDS", "0"))  # 0: one restart
SEED = int(os.environ.get("TESTS_RESTARTS_SEED", "0")) or secrets.randbelow(1 << 31)
RATE = 200  # mails a second, whatever becomes of them
AROUND = 1.0  # seconds of load before, between and after restarts, at most
PATIENCE = 90.0  # seconds of a client; RFC 5321 4.5.3.2 wants minutes

DESK = """
[desk]
name = "Acme Support"
address = "support@desk.test"

[[listener]]
protocol = "smtp"
socket = "smtp"
max_connections = 9000
peer_connections = 9000

[metrics]
socket = "metrics"

[health]
socket = "health"
"""

pytestmark = pytest.mark.servers


def kept_sockets(stack: ExitStack, *names: str) -> dict[str, socket.socket]:
    """Listening sockets with high numbers, which this process keeps."""
    found = {}
    for name in names:
        first = socket.create_server(("127.0.0.1", 0), backlog=4096)
        high = os.dup2(first.fileno(), 200 + len(found))
        first.close()
        found[name] = stack.enter_context(socket.socket(fileno=high))
    return found


class Load:
    """Clients that send `RATE` mails a second, each on a connection of its own, at their time and not when the last one is done."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._over = Event()
        self.acknowledged: list[int] = []
        self.troubles: list[str] = []
        self._thread = Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()

    def end(self) -> None:
        """Starts no further client; returns when all are done."""
        self._over.set()
        self._thread.join()

    async def _run(self) -> None:
        loop, clients = asyncio.get_running_loop(), []
        start = loop.time()
        for number in count():
            await asyncio.sleep(max(0.0, start + number / RATE - loop.time()))  # the load's own pace
            if self._over.is_set():
                break
            clients.append(asyncio.create_task(self._client(number)))
        await asyncio.gather(*clients)

    async def _client(self, number: int) -> None:
        try:
            await asyncio.wait_for(self._send(number), PATIENCE)
            self.acknowledged.append(number)
        except (OSError, AssertionError) as error:
            self.troubles.append(f"{number}: {error!r}")

    async def _send(self, number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        mail = f"From: {number}@client.test\r\nSubject: load {number}\r\n\r\nNumber {number}.\r\n."
        lines = ["HELO client.test", f"MAIL FROM:<{number}@client.test>", "RCPT TO:<support@desk.test>", "DATA", mail, "QUIT"]
        for code, line in zip(("220", "250", "250", "250", "354", "250"), lines, strict=True):
            answer = (await reader.readline()).decode()
            assert answer[:3] == code, answer
            writer.write(f"{line}\r\n".encode())
        await reader.readline()
        writer.close()


def health(port: int) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/health")
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.timeout(240 + 2 * SECONDS)
def test_a_restart_loses_and_refuses_no_mail(tmp_path: Path) -> None:
    write_desk(tmp_path, DESK)
    with ExitStack() as stack:
        given = kept_sockets(stack, "smtp", "metrics", "health")
        ports = {name: one.getsockname()[1] for name, one in given.items()}
        daemon = Running(tmp_path, given=given)
        moments, restarts, end = Random(SEED), 0, monotonic() + SECONDS
        print(f"seed {SEED}")
        load, pool = Load(ports["smtp"]), stack.enter_context(ThreadPoolExecutor())
        try:
            while restarts == 0 or monotonic() < end:
                Event().wait(moments.uniform(0.1, AROUND))
                asked = pool.submit(health, ports["health"])
                assert daemon.stop() == 0, daemon.log()[-3000:]
                daemon = Running(tmp_path, given=given)
                restarts += 1
                assert asked.result() in {200, 503}  # 503: the first look of a daemon is some seconds after its start
        finally:
            load.end()
            metrics = HTTPConnection("127.0.0.1", ports["metrics"], timeout=20)
            metrics.request("GET", "/metrics")
            assert b"mailbridge_store_up 1.0" in metrics.getresponse().read()
            metrics.close()
            daemon.stop()

    assert load.troubles == []
    assert len(load.acknowledged) > RATE
    with looking(f"sqlite:///{tmp_path}/mailbridge.db") as store, store.read() as tx:
        rows = tx.inbox.list(limit=10**6)
        stored = [int(found[1]) for row in rows if (found := re.search(rb"\nSubject: load (\d+)\r\n", tx.blobs.get(row.sha256)))]
    assert Counter(stored) == Counter(load.acknowledged)
    print(f"{restarts} restarts, {len(stored)} mails: 0 lost, 0 doubled, 0 refused")


def test_a_mail_in_progress_arrives_and_421_comes_after_it(tmp_path: Path) -> None:
    """The daemon ends when the mail is stored, and who connects meanwhile is served by the next one."""
    write_desk(tmp_path, DESK)
    with ExitStack() as stack:
        given = kept_sockets(stack, "smtp", "metrics", "health")
        port = given["smtp"].getsockname()[1]
        daemon = Running(tmp_path, given=given)
        with Wire(port) as sender:
            for line in ("EHLO c", "MAIL FROM:<a@client.test>", "RCPT TO:<support@desk.test>", "DATA"):
                assert sender.say(line)[0] in "23"
            sender.send(b"Subject: slow\r\n\r\n")
            with ThreadPoolExecutor(2) as pool:
                stopping = pool.submit(daemon.stop)
                while "daemon_stopping" not in daemon.log():
                    assert daemon.process.poll() is None
                late = pool.submit(Wire, port)
                sender.send(b"It comes.\r\n.\r\n")
                assert sender.answer()[:3] == "250"
                assert sender.answer()[:9] == "421 4.3.2"
                assert stopping.result() == 0
                daemon = Running(tmp_path, given=given)
                with late.result() as wire:
                    assert wire.greeting[:3] == "220"
        daemon.stop()


def test_a_socket_that_is_missing_or_not_named_ends_the_start(tmp_path: Path) -> None:
    write_desk(tmp_path, DESK)
    done = mailbridge(tmp_path, "run")
    assert done.returncode == 1
    assert b'systemd passed no socket named "health", "metrics", "smtp" (passed: none)' in done.stderr
