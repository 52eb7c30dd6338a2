"""Children end with their parent, also in the middle of a bad mail, and a big mail costs little more than itself."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from mailbridge.message.model import ReadingPolicy
from mailbridge.sandbox.limits import ReadingFailed
from mailbridge.sandbox.pool import Readers
from tests.unit.sandbox.test_readers import FAKE, gone, until

# A parent that starts a child, says its number, and is killed, at rest or while its child hangs.
PARENT = """
import os, signal, sys, threading
from datetime import timedelta
from mailbridge.sandbox.pool import Readers
from mailbridge.message.model import ReadingPolicy

readers = Readers(ReadingPolicy(), processes=1, time_limit=timedelta(seconds=1), reader={fake!r})
print(readers.read(b"pid").subject, flush=True)
if {busy}:
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGKILL)).start()
    readers.read(b"hang")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("busy", [False, True])
def test_a_child_does_not_outlive_its_parent(busy: bool) -> None:
    parent = subprocess.run(
        [sys.executable, "-c", PARENT.format(fake=FAKE, busy=busy)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        check=False,
    )
    child = int(parent.stdout)
    assert until(lambda: gone(child), seconds=20)


# A parent that is killed before the child it gave a head start has heard anything from it.
EARLY = """
import os, signal
from mailbridge.sandbox.pool import ReadLimits, head_start

with head_start(ReadLimits(seconds=20, memory=1 << 28), {fake!r}) as child:
    print(child.number, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_child_with_a_head_start_does_not_outlive_its_parent_either() -> None:
    parent = subprocess.run(
        [sys.executable, "-c", EARLY.format(fake=FAKE)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        check=False,
    )
    child = int(parent.stdout)
    assert until(lambda: gone(child), seconds=20)


def resident(pid: int | str) -> int:
    """Bytes in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Watch(threading.Thread):
    """Measures two processes together until told to stop."""

    def __init__(self, child: int) -> None:
        super().__init__(daemon=True)
        self.child = child
        self.peak = 0
        self.over = threading.Event()

    def run(self) -> None:
        with suppress(OSError):  # the child is gone
            while not self.over.wait(0.0005):
                self.peak = max(self.peak, resident("self") + resident(self.child))


def big_mail(megabytes: int) -> bytes:
    """A mail whose one attachment makes it this big."""
    file = base64.encodebytes(os.urandom(megabytes * 1_000_000 * 57 // 78)).replace(b"\n", b"\r\n")
    head = (
        b"From: kim@firm.test\r\nSubject: Log\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nHere it is.\r\n"
        b"--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=log.bin\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head + file + b"--b--\r\n"


def test_a_mail_of_25_mb_costs_at_most_four_times_its_size_over_both_processes() -> None:
    readers = Readers(ReadingPolicy(), processes=1)
    readers.read(b"Subject: warm\r\n\r\nHello\r\n")
    raw = big_mail(25)
    spare = readers._spare
    if spare is None:
        pytest.fail("no child was forked ahead of time")
    pid = spare.number
    before = resident("self") - len(raw) + resident(pid)
    watch = Watch(pid)
    watch.start()
    result = readers.read(raw)
    watch.over.set()
    watch.join()
    given_back = until(lambda: gone(pid))
    readers.close()
    if isinstance(result, ReadingFailed):
        pytest.fail(result.reason)
    assert result.attachments[0].size > 18_000_000
    assert len(result.attachments[0].content) == result.attachments[0].size
    assert watch.peak - before <= 4 * len(raw)
    assert given_back
