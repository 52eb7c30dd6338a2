"""A desk under ten mails a second with a fault every 30 seconds: nothing is lost or doubled, and it does not grow.

In the first third of the time the faults end the process too (SIGKILL, SIGTERM).  One process lives through the rest, and its memory and
its open files are looked at.

`make nightly PART=soak` goes on for TESTS_SOAK_SECONDS, with TESTS_SOAK_SEED; the normal run has some seconds of it.
"""

from __future__ import annotations

import os
import signal
import smtplib
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from random import Random
from secrets import randbelow
from threading import Event, Thread
from time import monotonic

import pytest

from mailbridge.doctor.audit_store import audit_store
from mailbridge.store.engine import Store
from tests.e2e.running import Running, looking, sink, until_settled, write_desk
from tests.e2e.test_daemon import desk_toml, listener, outgoing
from tests.harness import a_mail
from tests.servers.processes import free_ports, wait_until

SECONDS = int(os.environ.get("TESTS_SOAK_SECONDS", "0"))
SEED = int(os.environ.get("TESTS_SOAK_SEED", randbelow(1 << 31)))
LASTS = SECONDS or 15
RATE = 10.0  # mails a second
EVERY = 30.0 if SECONDS else 5.0  # seconds from a fault to the next
SETTLES = 300.0  # seconds in which everything is worked off at the end
GROWTH = 1 << 20  # bytes an hour, once a process has been there for an hour
LIMITS = "\n[limits]\nautomatic_per_hour = 1000000\n"

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600 + 2 * LASTS)]


class Sender(Thread):
    """Sends each mail until it is taken; `sent` has the numbers of those that were, and is complete when the thread has ended."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port, self.over = port, Event()
        self.sent: list[int] = []

    def run(self) -> None:
        begun = monotonic()
        while not self.over.wait(max(0.0, begun + len(self.sent) / RATE - monotonic())):
            number = len(self.sent)
            while not self._is_taken(number):
                Event().wait(0.2)  # as an MTA, only sooner
            self.sent.append(number)

    def _is_taken(self, number: int) -> bool:
        address = f"c{number}@c{number}.test"
        raw = a_mail(f"Number {number}.", subject=f"no {number}", from_=address, message_id=f"<{number}@soak.test>")
        try:
            with smtplib.SMTP("127.0.0.1", self._port, timeout=60) as client:
                client.sendmail(address, ["support@desk.test"], raw)
        except (OSError, smtplib.SMTPException):
            return False
        return True


class Soak:
    """The desk, who sends to it, and who takes its mails."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        smtp, self._relay = free_ports(2)
        self.folder, self.ends, self.relays = folder, 0, 0
        write_desk(folder, desk_toml(more=listener("smtp", smtp) + outgoing(self._relay) + LIMITS))
        self._world = stack.enter_context(ExitStack())
        self._open_relay()
        self.daemon = Running(folder)
        stack.callback(lambda: self.daemon.process.poll() is None and self.daemon.stop())
        self.sender = Sender(smtp)
        self.sender.start()
        stack.callback(self.sender.join)
        stack.callback(self.sender.over.set)

    def kill(self) -> None:
        self.daemon.kill()
        self._follows()

    def terminate(self) -> None:
        assert self.daemon.stop() == 0
        self._follows()

    def kill_readers(self) -> None:
        for child in Path(f"/proc/{self.daemon.process.pid}/task").glob("*/children"):
            for number in child.read_text().split():
                with suppress(ProcessLookupError):
                    os.kill(int(number), signal.SIGKILL)

    def reload(self) -> None:
        self.daemon.hang_up()

    def pause(self) -> None:
        self.daemon.process.send_signal(signal.SIGSTOP)
        Event().wait(3)  # the fault itself
        self.daemon.process.send_signal(signal.SIGCONT)

    def lock_database(self) -> None:
        with closing(sqlite3.connect(self.folder / "mailbridge.db", isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN EXCLUSIVE")
            Event().wait(3)  # the fault itself
            other.execute("ROLLBACK")

    def close_relay(self) -> None:
        self._world.close()
        Event().wait(3)  # the fault itself
        self._open_relay()

    def looks(self) -> tuple[int, int]:
        """Bytes of memory and number of open files of the process."""
        process = Path(f"/proc/{self.daemon.process.pid}")
        pages = int(process.joinpath("statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE"), len(list(process.joinpath("fd").iterdir()))

    def assert_all_once(self, store: Store) -> None:
        with store.read() as tx:
            tickets = tx.tickets.find(limit=10**7)
            ids = Counter(mail.message_id for ticket in tickets for mail in tx.mails.of_ticket(ticket.id))
            audited = audit_store(tx)
            doubtful = sum(queued.repeated for queued in tx.outbox.list(limit=10**7))
        assert ids == Counter(f"{number}@soak.test" for number in self.sender.sent)
        assert len(tickets) == len(self.sender.sent)
        assert audited.missing == ()
        assert all(one.adds_up for one in audited.sources), audited.sources
        assert doubtful <= self.ends + self.relays, "a mail is repeated only after a fault in its window"

    def _follows(self) -> None:
        self.ends += 1
        self.daemon = Running(self.folder)

    def _open_relay(self) -> None:
        self.relays += 1
        self._world.enter_context(sink(self._relay))


def test_nothing_is_lost_and_nothing_grows(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    chance, begun, faults, looks = Random(SEED), monotonic(), Counter[str](), list[tuple[float, int, int]]()
    with ExitStack() as stack:
        soak = Soak(tmp_path, stack)
        ending: list[Callable[[], None]] = [soak.kill, soak.terminate]
        others = [soak.kill_readers, soak.reload, soak.pause, soak.lock_database, soak.close_relay]
        while (passed := monotonic() - begun) < LASTS or not looks:
            fault = chance.choice(ending + others if passed < LASTS / 3 and faults else others if faults else ending)
            fault()
            faults[fault.__name__] += 1
            Event().wait(EVERY)  # from a fault to the next
            if passed >= LASTS / 3:
                looks.append((monotonic() - begun, *soak.looks()))
        soak.sender.over.set()
        soak.sender.join()
        with looking(f"sqlite:///{tmp_path}/mailbridge.db") as store:
            until_settled(store, len(soak.sender.sent), SETTLES)
            wait_until(lambda: not waiting(store), "every mail is sent", SETTLES)
            soak.assert_all_once(store)
    print(f"{len(soak.sender.sent)} mails, {dict(faults)}: 0 lost, 0 doubled; {growth(looks)}")
    assert_steady(looks)


def waiting(store: Store) -> int:
    with store.read() as tx:
        return sum(count for state, count in tx.outbox.counts(finished=False).items() if state in {"queued", "sending", "deferred"})


def growth(looks: list[tuple[float, int, int]]) -> str:
    first, last = looks[len(looks) // 2], looks[-1]
    return f"memory {first[1] >> 20} -> {last[1] >> 20} MB and {first[2]} -> {last[2]} files in the last {last[0] - first[0]:.0f} s"


def assert_steady(looks: list[tuple[float, int, int]]) -> None:
    """Of the second half: files stay as many, give or take those of a connection; after an hour memory does not grow."""
    late = looks[len(looks) // 2 :]
    assert max(files for _, _, files in late) <= max(files for _, _, files in looks[: len(looks) // 2 + 1]) + 10
    hour = [(at, memory) for at, memory, _ in looks if at - looks[0][0] > 3600]
    if len(hour) > 100:
        mean_at, mean = sum(at for at, _ in hour) / len(hour), sum(memory for _, memory in hour) / len(hour)
        slope = sum((at - mean_at) * (memory - mean) for at, memory in hour) / sum((at - mean_at) ** 2 for at, _ in hour)
        assert slope * 3600 < GROWTH


def test_files_that_are_left_open_are_found() -> None:
    """A fault that the test above is for; lost mails: tests/crash/test_kill_points.py."""
    with pytest.raises(AssertionError):
        assert_steady([(number * 30.0, 1 << 26, 20 + number) for number in range(60)])
