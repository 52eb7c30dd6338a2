"""`mailbridge ingest --json` tells what became of the one mail, whether a daemon runs or not."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailbridge.cli import exits

MAIL = b"""From: Tom <tom@riverside-cycles.example>
To: support@demo.example
Subject: %s
Message-ID: <%s@riverside-cycles.example>

It does not work.
"""
PATIENCE = 90


def mailbridge(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("MAILBRIDGE_")}
    return subprocess.run(
        [sys.executable, "-m", "mailbridge", *arguments], env=environ, input=given, capture_output=True, timeout=PATIENCE, check=False
    )


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path / "desk"
    assert mailbridge("init", str(folder), "--demo", "--port", str(port)).returncode == exits.OK
    return folder


@pytest.fixture
def daemon(desk: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (desk / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "mailbridge", "run", "--desk", str(desk)], stdout=log, stderr=log)
    end = time.monotonic() + 30
    while b"daemon_started" not in (desk / "log").read_bytes():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    yield process
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def outcome(desk: Path, subject: bytes, ident: bytes) -> dict[str, Any]:
    done = mailbridge("ingest", "--json", "--desk", str(desk), given=MAIL % (subject, ident))
    assert (done.returncode, done.stderr) == (exits.OK, b"")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_without_a_daemon_the_command_works_the_mail_off_itself(desk: Path) -> None:
    first = outcome(desk, b"VPN is down", b"one")

    assert (first["state"], first["outcome"], first["ticket"], first["source"]) == ("done", "ticket", "MB-1", "pipe")
    assert outcome(desk, b"VPN is down", b"one")["outcome"] == "duplicate"
    # Nothing proves who wrote it, so the number opens no ticket of somebody else's.
    assert outcome(desk, b"Re: VPN is down [MB-1]", b"two")["outcome"] == "ticket"


def test_beside_a_running_daemon_the_command_waits_for_its_outcome(desk: Path, daemon: subprocess.Popen[bytes]) -> None:
    found = outcome(desk, b"VPN is down", b"one")

    assert (found["outcome"], found["ticket"]) == ("ticket", "MB-1")
    assert b"mail_processed" in (desk / "log").read_bytes()


def test_a_second_daemon_on_one_sqlite_desk_is_refused(desk: Path, daemon: subprocess.Popen[bytes]) -> None:
    second = mailbridge("run", "--desk", str(desk))

    assert second.returncode == exits.IN_USE
    assert b"in use by another mailbridge" in second.stderr
    assert b"Traceback" not in second.stderr


def test_a_mail_without_a_waiting_program_is_left_to_the_daemon(desk: Path) -> None:
    done = mailbridge("ingest", "--desk", str(desk), "--from", "tom@riverside-cycles.example", given=MAIL % (b"x", b"y"))

    assert (done.returncode, done.stdout, done.stderr) == (exits.OK, b"", b"")
    assert json.loads(mailbridge("queue", "counts", "--json", "--desk", str(desk)).stdout)["new"] == 1


def test_rules_that_are_broken_do_not_make_a_stored_mail_come_again(desk: Path) -> None:
    (desk / "rules" / "teams.yaml").write_text("teams: {support: {membrs: [x]}}\n", encoding="utf-8")

    done = mailbridge("ingest", "--json", "--desk", str(desk), given=MAIL % (b"x", b"y"))

    assert done.returncode == exits.OK
    assert b"rules/teams.yaml:1:" in done.stderr
    assert json.loads(done.stdout)["state"] == "new"
