"""How many mails a second our SMTP listener makes durable, beside Postfix's real queue, on the same mails in the same run.

    python -m benchmarks.smtp [--mails DIR] [--n 1000] [--rounds 5] [--json]

Eight client processes each keep one connection and pipeline the envelope, as an MTA does.  Ours: the listener in a process of its own
before a SQLite store (WAL, synchronous=FULL).  Postfix: smtpd, cleanup and the queue, its transport held back so that it delivers
nothing (needs root).  Both take turns, on the same disk; the medians and their ratio are told.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CONNECTIONS = 8
TEXT = "the printer at our office smokes again since this morning please send somebody who knows about toner and paper jam thank you"
WORDS = TEXT.split()


# The mails


def generated(count: int, seed: int) -> list[bytes]:
    """Mails of the size that support desks get: most of a few kilobytes, one in five with an attachment, some of a megabyte."""
    chance = random.Random(seed)
    return [_mail(chance, number) for number in range(count)]


def _mail(chance: random.Random, number: int) -> bytes:
    text = "\r\n".join(" ".join(chance.choices(WORDS, k=12)) for _ in range(chance.randint(5, 60)))
    head = "\r\n".join(
        [
            f"From: person{number}@customer.example",
            "To: help@desk.example",
            f"Subject: {' '.join(chance.choices(WORDS, k=5))}",
            f"Message-ID: <{number}.{chance.getrandbits(64):x}@customer.example>",
            "Date: Mon, 02 Mar 2026 09:30:00 +0000",
            "MIME-Version: 1.0",
        ]
    )
    if chance.random() < 0.8:
        return f"{head}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()
    lines = int(min(chance.lognormvariate(6.5, 1.2), 15_000))
    data = "\r\n".join(chance.choices([f"{chance.getrandbits(456):0114x}"[:76] for _ in range(50)], k=lines))
    part = f'--b{number}\r\nContent-Type: application/octet-stream; name="scan.bin"\r\nContent-Transfer-Encoding: base64\r\n\r\n{data}\r\n'
    body = f"--b{number}\r\nContent-Type: text/plain\r\n\r\n{text}\r\n{part}--b{number}--\r\n"
    return f'{head}\r\nContent-Type: multipart/mixed; boundary="b{number}"\r\n\r\n{body}'.encode()


def read_folder(folder: Path) -> list[bytes]:
    """The mails of a folder, by name, with the line ends SMTP wants."""
    raws = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in {".eml", ""}]
    return [b"\r\n".join(raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")) for raw in raws]


def as_sent(raw: bytes) -> bytes:
    """The content as it goes over the wire, with its end mark (RFC 5321 4.5.2)."""
    whole = raw if raw.endswith(b"\r\n") else raw + b"\r\n"
    return (b"\r\n" + whole).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"


# The clients


def measure(port: int, recipient: str, contents: Sequence[bytes]) -> float:
    """Mails a second, from the moment all clients are connected to the last 250."""
    context = multiprocessing.get_context("fork")
    ready, go = context.Barrier(CONNECTIONS + 1), context.Barrier(CONNECTIONS + 1)
    failures = context.SimpleQueue()
    clients = [
        context.Process(target=_client, args=(port, recipient, contents[number::CONNECTIONS], ready, go, failures))
        for number in range(CONNECTIONS)
    ]
    for client in clients:
        client.start()
    ready.wait(60)
    began = time.perf_counter()
    go.wait(60)
    for client in clients:
        client.join()
    seconds = time.perf_counter() - began
    if not failures.empty():
        raise SystemExit(f"a mail was not taken: {failures.get()}")
    return len(contents) / seconds


def _client(port: int, recipient: str, contents: Sequence[bytes], ready: Any, go: Any, failures: Any) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as answers:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _expect(answers, b"220", failures)
        connection.sendall(b"EHLO bench.example\r\n")
        _expect(answers, b"250", failures)
        envelope = f"MAIL FROM:<bench@customer.example>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode()
        ready.wait()
        go.wait()
        for content in contents:
            connection.sendall(envelope)
            for code in (b"250", b"250", b"354"):
                _expect(answers, code, failures)
            connection.sendall(content)
            _expect(answers, b"250", failures)
        connection.sendall(b"QUIT\r\n")


def _expect(answers: Any, code: bytes, failures: Any) -> None:
    while line := answers.readline():
        if line[3:4] != b"-":
            break
    if line[:3] != code:
        failures.put(line.decode(errors="replace").strip() or "connection closed")
        raise SystemExit(1)


# The servers


@contextmanager
def ours(folder: Path) -> Iterator[int]:
    """Our listener in a process of its own; the port."""
    command = [sys.executable, "-m", "benchmarks.smtp", "--serve", str(folder / "desk.db")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("the listener has no pipes")
        yield int(process.stdout.readline())
        process.stdin.close()


def serve(database: Path) -> None:
    """The listener runs until standard input ends."""
    from mailbridge.config.model import ListenerSettings
    from mailbridge.intake.inbox import Inbox
    from mailbridge.intake.listener import Listeners
    from mailbridge.store.engine import Store

    store = Store(f"sqlite:///{database}")
    store.upgrade()
    inbox = Inbox(store)
    listeners = Listeners([ListenerSettings(protocol="smtp", port=0, hostname="desk.example")], inbox, {"help@desk.example"}.__contains__)
    listeners.start()
    print(listeners.ports[0], flush=True)
    sys.stdin.read()
    listeners.stop()
    inbox.close()
    store.close()


def kept(database: Path) -> int:
    """How many mails the store holds."""
    from mailbridge.store.engine import Store

    store = Store(f"sqlite:///{database}")
    with store.read() as tx:
        return tx.inbox.counts()["new"]


@contextmanager
def postfix(folder: Path) -> Iterator[int]:
    """Postfix with a queue of its own; the port."""
    from tests.servers.postfix import Postfix

    server = Postfix(folder)
    server.create()
    try:
        server.start()
        yield server.port
    finally:
        server.stop()


# The run


@dataclass(frozen=True, slots=True)
class Result:
    ours: list[float]
    postfix: list[float]

    def as_json(self, mails: int, size: int) -> dict[str, object]:
        found: dict[str, object] = {"mails": mails, "bytes": size, "connections": CONNECTIONS}
        found["ours_per_s"] = round(statistics.median(self.ours), 1)
        found["ours_rounds"] = [round(rate, 1) for rate in self.ours]
        if self.postfix:
            found["postfix_per_s"] = round(statistics.median(self.postfix), 1)
            found["postfix_rounds"] = [round(rate, 1) for rate in self.postfix]
            found["ratio"] = round(statistics.median(self.ours) / statistics.median(self.postfix), 3)
        return found


def run(contents: Sequence[bytes], rounds: int, folder: Path, *, with_postfix: bool) -> Result:
    """Both in turns, each round on an empty store and an empty queue."""
    result = Result([], [])
    for number in range(rounds):
        with tempfile.TemporaryDirectory(dir=folder, prefix="ours-") as name:
            with ours(Path(name)) as port:
                result.ours.append(measure(port, "help@desk.example", contents))
            if kept(Path(name) / "desk.db") != len(contents):
                raise SystemExit("mails were acknowledged and not kept")
        if with_postfix:
            with tempfile.TemporaryDirectory(dir=folder, prefix="postfix-") as name, postfix(Path(name)) as port:
                result.postfix.append(measure(port, "help@held.test", contents))
        print(
            f"round {number + 1}: ours {result.ours[-1]:.0f}/s" + (f", Postfix {result.postfix[-1]:.0f}/s" if with_postfix else ""),
            file=sys.stderr,
        )
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=Path, help="a folder of mails; without it they are generated")
    parser.add_argument("--n", type=int, default=1000, help="how many mails (default: 1000)")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where store and queue are made (default: the system's temporary folder)")
    parser.add_argument("--no-postfix", action="store_true", help="measure ours alone")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return
    mails = read_folder(options.mails)[: options.n] if options.mails else generated(options.n, options.seed)
    contents = [as_sent(raw) for raw in mails]
    with ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mailbridge-smtp-")))
        folder.chmod(0o755)  # Postfix's processes run as other users
        found = run(contents, options.rounds, folder, with_postfix=not options.no_postfix).as_json(len(mails), sum(map(len, contents)))
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:16} {value}")


if __name__ == "__main__":
    main()
