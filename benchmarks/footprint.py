"""What a desk takes before it does anything, and what a big mail adds.

    python -m benchmarks.footprint [--megabytes 25] [--json]

help_s            `mailbridge --help`, median of seven; target below 0.3 s
first_ready_s     `mailbridge run` on a new desk until READY, the database made on the way
ready_s           the same on a desk that was there; target at most 2 s
idle_mb           memory of the daemon and all its children ten seconds later (PSS: what is shared counts once); target at most 120 MB
idle_rss_mb       the daemon's resident memory, what `ps` shows
big_mail_extra_mb at the worst moment of a mail taken in by SMTP, above what the desk had after a small one, over all processes
big_mail_times    the same as a multiple of the mail's size; target at most 4
"""

from __future__ import annotations

import argparse
import base64
import random
import smtplib
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import desks
from mailbridge.store.engine import Store

ADDRESS = "support@desk.example"
REST = 10.0


def help_seconds() -> float:
    """How long `mailbridge --help` takes."""
    times = []
    for _ in range(7):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "mailbridge", "--help"], cwd=desks.ROOT, stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def a_mail(size: int) -> bytes:
    """A mail of that many bytes, nearly all of them an attachment."""
    head = (
        f"From: Kim <kim@customer.example>\r\nTo: {ADDRESS}\r\nSubject: The log you asked for\r\nMessage-ID: <{size}@customer.example>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nHello, here is the log that you asked for this morning.\r\n"
        "--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=log.bin\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    content = base64.encodebytes(random.Random(size).randbytes(max(1, (size - len(head)) * 57 // 78))).replace(b"\n", b"\r\n")
    return head.encode() + content + b"--b--\r\n"


def send(port: int, raw: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.sendmail("kim@customer.example", [ADDRESS], raw)


def measure(megabytes: int, folder: Path) -> dict[str, Any]:
    """The figures of one run."""
    port = desks.free_port()
    listener = f'[[listener]]\nprotocol = "smtp"\nhost = "127.0.0.1"\nport = {port}\n'
    desk = desks.make_desk(folder / "desk", address=ADDRESS, sections=[listener])
    found: dict[str, Any] = {"help_s": round(help_seconds(), 3)}
    with desks.running(desk) as daemon:
        found["first_ready_s"] = round(daemon.ready_after, 2)
    with desks.running(desk) as daemon:
        found["ready_s"] = round(daemon.ready_after, 2)
        time.sleep(REST)
        root = daemon.process.pid
        found["idle_mb"] = _mb(sum(desks.memory(pid) for pid in desks.tree(root)))
        found["idle_rss_mb"] = _mb(desks.resident(root))
        store = Store(f"sqlite:///{desk}/mailbridge.db")
        send(port, a_mail(2000))
        desks.wait_until_worked(store, 1, patience=desks.PATIENCE)
        before = sum(desks.memory(pid) for pid in desks.tree(root))
        raw = a_mail(megabytes << 20)
        with desks.watched(root, every=0.01) as cost:
            send(port, raw)
            desks.wait_until_worked(store, 2, patience=desks.PATIENCE)
        store.close()
    found["big_mail_mb"] = _mb(len(raw))
    found["big_mail_extra_mb"] = _mb(cost.peak - before)
    found["big_mail_times"] = round((cost.peak - before) / len(raw), 2)
    return found


def _mb(size: int) -> float:
    return round(size / (1 << 20), 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=25, help="size of the big mail (default: 25)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="mailbridge-footprint-") as folder:
        desks.report(measure(asked.megabytes, Path(folder)), as_json=asked.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
