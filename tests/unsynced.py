"""The tests' own processes do not wait for the disk.

The machine does not lose power in a test, and a process that is killed loses nothing that it has handed to the system.  Waiting costs some
milliseconds with every commit and every mail that is filed.  Processes that tests start as users start them wait as always.
"""

from __future__ import annotations

import os

from mailbridge.store import connections

AS_SHIPPED = connections._SQLITE
_WAITS = "synchronous=FULL"


def wait_for_no_disk() -> None:
    """From now on, in this process and in those that it forks."""
    if _WAITS not in AS_SHIPPED:
        raise RuntimeError(f"SQLite is not opened with {_WAITS} any more: see tests/unsynced.py")
    connections._SQLITE = tuple("synchronous=OFF" if setting == _WAITS else setting for setting in AS_SHIPPED)
    os.fsync = _looked_at


def _looked_at(file: int) -> None:
    """As fsync, also in what it raises for a file that is not open."""
    os.fstat(file)
