"""The power fails: what a desk has acknowledged is on the disk, and not only in the memory of the machine.

The desk lives on a file system (ext4) in a file.  At a cut its process is killed, and the file is copied at once: the copy has what was
handed to the disk, and the system hands nothing over by itself within a life (`commit=300`; dirty pages: 30 s).  The next life has it.
The sender and the other side of webhooks are other machines: what they know they keep.

`make nightly PART=power-cuts` cuts for TESTS_CUTS_SECONDS, at moments of TESTS_CUTS_SEED.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from secrets import randbelow
from time import monotonic

import pytest

from tests.crash.rounds import IN_MEMORY, assert_all_once, fed
from tests.crash.test_killed_anywhere import LONG
from tests.crash.victim import live
from tests.forked import killed
from tests.harness import put_new_database
from tests.servers.processes import wait_until

SECONDS = float(os.environ.get("TESTS_CUTS_SECONDS", "0"))
SEED = int(os.environ.get("TESTS_CUTS_SEED", randbelow(1 << 31)))
CUTS = 3  # in the past of a desk

CAN_MOUNT = os.getuid() == 0 and Path("/dev/loop-control").exists()
pytestmark = [
    pytest.mark.timeout(300 + 2 * SECONDS),
    pytest.mark.skipif(not CAN_MOUNT, reason="it mounts a file system in a file: that takes root and loop devices"),
]


class Disk:
    """A file system in a file, mounted at `place`."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "disk"
        self._image, self._copy = folder / "image", folder / "copy"
        self.place.mkdir()
        with self._image.open("wb") as image:
            image.truncate(48 << 20)
        _run("mkfs.ext4", "-q", "-F", str(self._image))
        self.mount()

    def mount(self) -> None:
        _run("mount", "-o", "loop,commit=300", str(self._image), str(self.place))

    def unmount(self) -> None:
        """Readers of a killed desk may live for a moment longer."""
        wait_until(lambda: subprocess.run(["umount", self.place], capture_output=True, check=False).returncode == 0, "the disk is free")

    def sync(self) -> None:
        _run("sync", "-f", str(self.place))

    def cut(self) -> None:
        """The disk has what it had when the power failed.  Nobody writes any more when this is called."""
        _run("cp", "--sparse=always", str(self._image), str(self._copy))
        self.unmount()
        self._copy.replace(self._image)
        self.mount()


class CutDesk:
    """A desk on such a disk; its `feed` and `called` are elsewhere."""

    def __init__(self, stack: ExitStack) -> None:
        where = IN_MEMORY if IN_MEMORY.is_dir() else None
        outside = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mb-cut-", dir=where)))
        self.disk = Disk(outside)
        stack.callback(self.disk.unmount)
        self.folder = self.disk.place / "desk"
        self.folder.mkdir()
        self.database = self.folder / "desk.db"
        self.url = f"sqlite:///{self.database}"
        fed(self.folder)
        (outside / "called").touch()
        for name in ("feed", "called"):
            if (self.folder / name).exists():
                _run("cp", "-r", str(self.folder / name), str(outside))
                _run("rm", "-r", str(self.folder / name))
            (self.folder / name).symlink_to(outside / name)
        put_new_database(self.database)
        self.disk.sync()

    def lives(self, number: int, after: float | None, *, waits_for_disk: bool = True) -> None:
        """Until the moment, or in peace; then the power fails."""
        killed("", live, self.folder, self.url, number * LONG, after=after, waits_for_disk=waits_for_disk)
        self.disk.cut()
        with closing(sqlite3.connect(self.database)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_the_power_fails_and_everything_is_there_once() -> None:
    print(f"seed {SEED}")
    chance, end, rounds = Random(SEED), monotonic() + SECONDS, 0
    with ExitStack() as stack:
        whole = seconds_of_a_life(CutDesk(stack))
    while not rounds or monotonic() < end:
        one_desk([chance.uniform(0.1, 1.1) * whole for _ in range(CUTS if SECONDS else 1)])
        rounds += 1
    print(f"{rounds} desks, {rounds * (CUTS + 2) if SECONDS else 3} power cuts: 0 lost, 0 doubled, every database whole")


def one_desk(moments: list[float]) -> None:
    with ExitStack() as stack:
        desk = CutDesk(stack)
        for number, moment in enumerate(moments):
            desk.lives(number, moment)
        for number in (0, 1):
            desk.lives(len(moments) + number, None)
        assert_all_once(desk.folder, desk.url, faults=len(moments))


def seconds_of_a_life(desk: CutDesk) -> float:
    begun = monotonic()
    desk.lives(0, None)
    return monotonic() - begun


def test_a_desk_that_does_not_wait_for_the_disk_is_found() -> None:
    """The fault that the test above is for."""
    with ExitStack() as stack:
        desk = CutDesk(stack)
        desk.lives(0, None, waits_for_disk=False)
        for number in (1, 2):
            desk.lives(number, None)
        with pytest.raises((AssertionError, FileNotFoundError)):
            assert_all_once(desk.folder, desk.url, faults=1)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
