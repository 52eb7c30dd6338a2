"""A desk as users have one, for the benchmarks: a folder with mailbridge.toml, the daemon in processes of its own, and what they cost."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mailbridge.cli.init import write_desk
from mailbridge.store.engine import Store

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0
SAMPLE = 0.2  # seconds between two looks at the processes
TICK = os.sysconf("SC_CLK_TCK")

# The caps that protect a desk against loops would stop a benchmark, whose mails all come within seconds.
LIMITS = """
[limits]
acks_per_sender_hour = 1000
mails_per_recipient_hour = 100000
mails_per_recipient_day = 1000000
automatic_per_hour = 10000000
"""


def make_desk(folder: Path, *, address: str, sections: Sequence[str], authserv_ids: Sequence[str] = ()) -> Path:
    """A desk with the shipped rules; `sections` are what its mailbridge.toml says besides [desk] and [limits]."""
    write_desk(folder, name="Benchmark", address=address)
    desk = f"[desk]\nname = 'Benchmark'\naddress = '{address}'\nauthserv_ids = {list(authserv_ids)!r}\n"
    usual = ("[log]\nformat = 'json'\n", "[authenticity]\ncheck = 'headers'\n")
    (folder / "mailbridge.toml").write_text("\n".join((desk, LIMITS, *usual, *sections)), encoding="utf-8")
    return folder


def mailbox(server: Any, account: Any, after: str = "leave") -> str:
    """An account of a private Dovecot, as the desk reads it; with "leave" the mails stay as they are, for the next round."""
    return f"""
[[mailbox]]
name = "bench"
host = "localhost"
port = {server.imap_port}
tls = "none"
user = "{account.user}"
password_env = "BENCH_PASSWORD"
after = "{after}"
take = "all"
"""


# The daemon


@dataclass(slots=True)
class Running:
    """A daemon at work.  `ready_after`: seconds from its start to READY."""

    process: subprocess.Popen[bytes]
    ready_after: float


@contextmanager
def running(folder: Path, *words: str, environ: dict[str, str] | None = None) -> Iterator[Running]:
    """`mailbridge run` (or the other words) of this desk, ready; an orderly end afterwards."""
    with ExitStack() as stack:
        name = f"{stack.enter_context(TemporaryDirectory())}/notify"
        ears = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        ears.bind(name)
        ears.settimeout(PATIENCE)
        log = stack.enter_context((folder / f"{words[0] if words else 'run'}.log").open("ab"))
        own = {key: value for key, value in os.environ.items() if not key.startswith("MAILBRIDGE_")}
        command = [sys.executable, "-m", "mailbridge", *(words or ("run",)), "--desk", str(folder)]
        environment = own | {"NOTIFY_SOCKET": name, "BENCH_PASSWORD": "secret"} | (environ or {})
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            if ears.recv(100) != b"READY=1":
                raise SystemExit("the daemon does not start")
            yield Running(process, time.perf_counter() - began)
        except TimeoutError:
            raise SystemExit(f"the daemon does not start: {(folder / 'run.log').read_text()[-2000:]}") from None
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_worked(store: Store, mails: int, *, patience: float) -> None:
    """Returns when that many mails have their outcome, or when nothing has moved for `patience` seconds."""
    best, since = -1, time.monotonic()
    while time.monotonic() - since < patience:
        with store.read() as tx:
            counts = tx.inbox.counts()
        over = sum(count for state, count in counts.items() if state not in {"new", "claimed"})
        if over >= mails:
            return
        if over > best:
            best, since = over, time.monotonic()
        time.sleep(0.1)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def report(found: dict[str, Any], *, as_json: bool) -> None:
    """The figures are on standard output: one JSON object, or a line each."""
    if as_json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:26} {value}")


# What the processes cost


@dataclass(slots=True)
class Cost:
    """Of a process and all below it.  `peak`: bytes of real memory (PSS: what is shared counts once) at the worst moment."""

    peak: int = 0
    cpu: dict[int, float] = field(default_factory=dict)  # seconds by process that still runs
    ended: float = 0.0  # seconds of those that have ended: a reading child lives as long as its batch of mails

    @property
    def peak_mb(self) -> float:
        return round(self.peak / (1 << 20), 1)


@contextmanager
def watched(*processes: int, every: float = SAMPLE) -> Iterator[Cost]:
    """What these processes and their children cost while the block runs, looked at each so many seconds."""
    cost, over = Cost(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(processes, cost, over, every))
    members = [pid for root in processes for pid in tree(root)]
    before, ended = {pid: cpu_seconds(pid) for pid in members}, sum(map(ended_seconds, members))
    watcher.start()
    try:
        yield cost
    finally:
        over.set()
        watcher.join()
        members = [pid for root in processes for pid in tree(root)]
        cost.cpu = {pid: cpu_seconds(pid) - before.get(pid, 0.0) for pid in members}
        cost.ended = sum(map(ended_seconds, members)) - ended


def _watch(processes: Sequence[int], cost: Cost, over: threading.Event, every: float) -> None:
    last = False
    while not last:
        last = over.wait(every)
        members = [pid for root in processes for pid in tree(root)]
        cost.peak = max(cost.peak, sum(memory(pid) for pid in members))


def tree(root: int) -> list[int]:
    """The process and everything it started that still runs."""
    found = [root]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*"):
            with suppress(OSError):
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def memory(pid: int) -> int:
    """Bytes of real memory, shared pages divided among those who share them; where the system does not tell, all that is resident."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return resident(pid)


def resident(pid: int) -> int:
    """Bytes of resident memory (RSS)."""
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def cpu_seconds(pid: int) -> float:
    """User and system time of the process itself."""
    return _seconds(pid, 11)


def ended_seconds(pid: int) -> float:
    """User and system time of its children that have ended, with theirs."""
    return _seconds(pid, 13)


def _seconds(pid: int, place: int) -> float:
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[place]) + int(fields[place + 1])) / TICK
    return 0.0
