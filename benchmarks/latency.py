"""How long a customer waits: from the delivery into Dovecot to our acknowledgement, accepted by the next mail server.

    python -m benchmarks.latency [--rate 5] [--seconds 60] [--seed 42] [--json]

Mails come by LMTP into a private Dovecot, evenly; `mailbridge run` hears of them by IDLE, makes tickets on SQLite, and sends the
acknowledgements to an SMTP server in this process.  A mail's time runs from Dovecot's 250 to our server's 250; p50, p99 and the
slowest are told.  Dovecot itself holds notices back for 0.5 s.  Targets: p50 at most 0.8 s, p99 at most 2 s.  Exit code 1 when an
acknowledgement is missing.
"""

from __future__ import annotations

import argparse
import re
import smtplib
import socketserver
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import desks, generator

LAST = 30.0  # seconds that the last acknowledgements may take
_ANSWERS = re.compile(rb"^In-Reply-To:\s*(<[^>\s]+>)", re.IGNORECASE | re.MULTILINE)


class Sink(socketserver.ThreadingTCPServer):
    """An SMTP server that takes everything and notes when it took the answer to which mail."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.answered: dict[str, float] = {}

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Session(socketserver.StreamRequestHandler):
    server: Sink

    def handle(self) -> None:
        self._say("220 sink.example")
        for line in self.rfile:
            match line[:4].upper():
                case b"EHLO":
                    self._say("250-sink.example\r\n250-8BITMIME\r\n250 SMTPUTF8")
                case b"DATA":
                    self._say("354 go on")
                    self._take()
                case b"QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 fine")

    def _take(self) -> None:
        lines = iter(self.rfile.readline, b".\r\n")
        found = _ANSWERS.search(b"".join(lines))
        self._say("250 taken")
        if found:
            self.server.answered.setdefault(found[1].decode(), time.perf_counter())

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def sink() -> Iterator[Sink]:
    """A running one."""
    with Sink() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def requests(count: int, seed: int) -> list[tuple[str, bytes]]:
    """(Message-ID, mail) of made-up mails that open tickets."""
    stream = generator.Stream(seed)
    found: list[tuple[str, bytes]] = []
    while len(found) < count:
        mail = stream.next()
        if mail.truth["kind"] == "new":
            found.append((mail.truth["msgid"], mail.raw))
    return found


def measure(rate: float, seconds: float, seed: int, folder: Path) -> dict[str, Any]:
    """The figures of one run."""
    from tests.servers import dovecot

    mails = requests(round(rate * seconds), seed)
    with dovecot.running() as server, sink() as answers:
        account = server.new_account()
        sections = [desks.mailbox(server, account, "seen"), f'[outgoing]\nurl = "smtp://127.0.0.1:{answers.port}"\ntls = "none"\n']
        desk = desks.make_desk(folder / "desk", address=generator.DESK, sections=sections)
        with desks.running(desk):
            _warm_up(server, account, answers, seed)
            delivered = _deliver(server, account, mails, rate)
            end = time.monotonic() + LAST
            while time.monotonic() < end and not answers.answered.keys() >= delivered.keys():
                time.sleep(0.1)
            waits = sorted(answers.answered[id] - at for id, at in delivered.items() if id in answers.answered)
    return {
        "mails": len(mails),
        "rate_per_s": rate,
        "p50_s": round(statistics.median(waits), 3),
        "p99_s": round(waits[min(len(waits) - 1, int(len(waits) * 0.99))], 3),
        "worst_s": round(waits[-1], 3),
        "unanswered": len(mails) - len(waits),
    }


def _warm_up(server: Any, account: Any, answers: Sink, seed: int) -> None:
    """The desk has answered a first mail, so that its reading child runs as it does in a desk at work."""
    [(first, raw)] = requests(1, seed + 1)
    server.deliver(account, raw)
    end = time.monotonic() + LAST
    while first not in answers.answered:
        if time.monotonic() > end:
            raise SystemExit("the desk does not answer")
        time.sleep(0.05)


def _deliver(server: Any, account: Any, mails: list[tuple[str, bytes]], rate: float) -> dict[str, float]:
    """Every mail was delivered at its time; when, by its Message-ID."""
    delivered: dict[str, float] = {}
    began = time.perf_counter()
    with smtplib.LMTP("127.0.0.1", server.lmtp_port) as client:
        for number, (msgid, raw) in enumerate(mails):
            time.sleep(max(0.0, began + number / rate - time.perf_counter()))
            client.sendmail("customer@customer.example", [account.user], raw, mail_options=["BODY=8BITMIME"])
            delivered[msgid] = time.perf_counter()
    return delivered


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=5.0, help="mails a second (default: 5)")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="mailbridge-latency-") as folder:
        found = measure(asked.rate, asked.seconds, asked.seed, Path(folder))
    desks.report(found, as_json=asked.json)
    return 1 if found["unanswered"] else 0


if __name__ == "__main__":
    sys.exit(main())
