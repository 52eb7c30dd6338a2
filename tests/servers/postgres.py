"""A private PostgreSQL for the tests: one server a session, one database a test."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.asked import asked

_PORTS = range(20000, 32000)  # below the range from which connections get their local ports
_PATIENCE = 30.0
# No fsync: the machine does not lose power in a test, and what a test wants to know is whether our processes survive.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_min_messages": "warning",
}


class Postgres:
    """A running server in a folder of its own.  `kill()` is a crash, `start()` brings it back on the same port with its data."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder = folder
        self.port = 0
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """There is an empty cluster in the folder, owned by whoever runs the server."""
        if os.getuid() == 0:
            shutil.chown(self.folder, "nobody", "nogroup")
        command = ["initdb", "-D", str(self.folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
        done = subprocess.run(self._command(command), cwd="/", env=self._environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.fail(f"initdb failed: {done.stderr}")

    def start(self) -> None:
        """The server answers."""
        self.port = self.port or _free_port()
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command = ["postgres", "-D", str(self.folder / "data"), "-p", str(self.port), "-k", str(self.folder), *settings]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command(command), cwd="/", env=self._environment(), stdout=log, stderr=log)
        self._wait()

    def kill(self) -> None:
        """The server is gone at once, as in `pg_ctl stop -m immediate`; what was not committed is lost."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        if self._process:
            self._end(signal.SIGINT)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    @contextlib.contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The URL of a new database like the template (template1: empty); it is gone afterwards."""
        name = f"test_{secrets.token_hex(6)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def run(self, statement: str) -> None:
        """As the administrator, outside of any transaction."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]  (our own words)

    def _end(self, with_signal: signal.Signals) -> None:
        if self._process is None:
            raise RuntimeError("the server is not running")
        self._process.send_signal(with_signal)
        self._process.wait(_PATIENCE)
        self._process = None

    def _wait(self) -> None:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:
                break
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url(), connect_timeout=2).close()
                return
            time.sleep(0.02)
        pytest.fail(f"PostgreSQL did not start: {(self.folder / 'log').read_text()[-2000:]}")

    def _command(self, words: list[str]) -> list[str]:
        """The program by its path; as nobody where we are root, which PostgreSQL refuses to be."""
        program = [str(self._programs / words[0]), *words[1:]]
        return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *program] if os.getuid() == 0 else program

    @staticmethod
    def _environment() -> dict[str, str]:
        return {**os.environ, "LC_ALL": "C.UTF-8"}


def programs() -> Path:
    """Where PostgreSQL's programs are.  Without them the test is skipped, or fails where every server is required."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        missing("postgresql-15")
    return folders[-1]


def missing(package: str) -> None:
    """Skips the test and names the package; in CI, and with MAILBRIDGE_REQUIRE_SERVERS=1, fails it: a skip there would hide a hole."""
    text = f"a server is missing: apt-get install {package}"
    if os.environ.get("CI") or asked("MAILBRIDGE_REQUIRE_SERVERS") == "1":
        pytest.fail(text)
    pytest.skip(text)


def _free_port() -> int:
    for _ in range(100):
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port")


@contextlib.contextmanager
def running() -> Iterator[Postgres]:
    """A server of its own, for a test that kills it."""
    where = programs()
    with tempfile.TemporaryDirectory(prefix="mb-pg-") as folder:
        server = Postgres(Path(folder), where)
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server that the tests of this session share."""
    with running() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The URL of an empty database for this test alone."""
    with postgres.database() as url:
        yield url
