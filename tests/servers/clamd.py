"""A private clamd for the tests: two signatures of our own, no official database, a small limit for streams."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.processes import as_nobody, end, free_ports, program, wait_until

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MARKER = b"mailbridge-test-malware-marker"
STREAM_MAX = 2 << 20


class Clamd:
    """A running server.  `freeze()` lets it take connections and say nothing, `stop()` ends it, `start()` brings it back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_ports(1)[0]
        self.socket = folder / "clamd.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Configuration and signatures are written; nothing runs yet."""
        for name in ("db", "tmp"):
            (self.folder / name).mkdir()
        # Body signatures (name:target:offset:hex), so that they are found at any offset of any file.
        signatures = [f"Eicar-Test-Signature:0:*:{EICAR.hex()}", f"Mailbridge.Test.Marker:0:*:{MARKER.hex()}"]
        (self.folder / "db/test.ndb").write_text("\n".join(signatures) + "\n")
        text = _CONFIGURATION.replace("@T@", str(self.folder)).replace("@PORT@", str(self.port)).replace("@MAX@", str(STREAM_MAX))
        (self.folder / "clamd.conf").write_text(text)
        if os.getuid() == 0:
            for path in (self.folder, *self.folder.rglob("*")):
                shutil.chown(path, "nobody", "nogroup")

    def start(self) -> None:
        """The server answers."""
        command = as_nobody([program("clamd", "clamav-daemon"), "-c", str(self.folder / "clamd.conf")], self.folder)
        with (self.folder / "console").open("ab") as console:
            self._process = subprocess.Popen(command, stdout=console, stderr=console, start_new_session=True)
        try:
            wait_until(self._answers, "clamd starts")
        except BaseException:
            print((self.folder / "console").read_text())
            raise

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            end(self._process, signal.SIGTERM)
            self._process = None

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """The system takes connections for it; it says nothing."""
        if self._process is None:
            raise RuntimeError("the server is not running")
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(b"zPING\0")
            return connection.recv(20) == b"PONG\0"
        return False


@contextlib.contextmanager
def running() -> Iterator[Clamd]:
    """A server of its own, for a test that ends it."""
    program("clamd", "clamav-daemon")
    with tempfile.TemporaryDirectory(prefix="mb-clamd-") as folder:
        server = Clamd(Path(folder))
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def clamd() -> Iterator[Clamd]:
    """The server that the tests of this session share."""
    with running() as server:
        yield server


_CONFIGURATION = """
DatabaseDirectory @T@/db
OfficialDatabaseOnly no
LogFile @T@/clamd.log
PidFile @T@/clamd.pid
TemporaryDirectory @T@/tmp
TCPSocket @PORT@
TCPAddr 127.0.0.1
LocalSocket @T@/clamd.sock
Foreground yes
StreamMaxLength @MAX@
MaxScanSize 100M
MaxFileSize 60M
SelfCheck 0
"""
