"""The demo as a new user runs it: the real daemon in its own process, mails over SMTP, answers from the outgoing Maildir."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.demo import invite
from tests.pictures.draw import chromium, measure

# Several runs share a machine: what counts is the outcome, and the time a person waits is measured in docs, not here.
PATIENCE = 90
CI = os.environ.get("CI") == "true"


def environment() -> dict[str, str]:
    """Ours, without what the person who runs the tests has set for a desk."""
    return {key: value for key, value in os.environ.items() if not key.startswith("MAILBRIDGE_")} | {"COLUMNS": "400"}


def mailbridge(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mailbridge", *arguments],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, mailbridge("demo", "--once", cwd=folder)


def test_every_sample_has_its_expected_outcome(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = played

    assert done.stderr == ""
    assert done.stdout.endswith("every sample had its expected result\n")
    assert done.returncode == exits.OK


def test_ticket_team_priority_rule_and_each_mail_are_shown(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = played

    assert re.search(r"^  MB-1    network        urgent  VPN fällt", done.stdout, re.MULTILINE)
    assert "rule 20-network “network and VPN” found" in done.stdout
    assert '→ customer received  "Re: VPN fällt alle paar Minuten aus [MB-1]"  to j.weber@nordwind.example' in done.stdout
    assert "possible follow-up of MB-2, but it may not be added to it" in done.stdout


def test_the_desk_stays_to_be_looked_at(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = played

    tickets = json.loads(mailbridge("tickets", "list", "--json", "--desk", "demo", cwd=folder).stdout)
    assert [ticket["number"] for ticket in tickets] == [f"MB-{number}" for number in range(7, 0, -1)]
    assert mailbridge("check", "--desk", "demo", cwd=folder).returncode == exits.OK
    states = {queued["state"] for queued in json.loads(mailbridge("outbox", "list", "--json", "--desk", "demo", cwd=folder).stdout)}
    assert states == {"sent"}


def test_senders_promises_and_a_held_forgery_are_shown(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = played

    assert "verified: dmarc=pass by mx.demo.example; agent bogdan: DMARC pass" in done.stdout
    assert re.search(r"due: response by \w+ \d\d:\d\d, resolution by \w+ \d\d:\d\d \(four-hours\)", done.stdout)
    assert "please confirm mail sent in your name" in done.stdout


def test_every_command_that_the_demo_names_works_there(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = played
    with contextlib.redirect_stdout(io.StringIO()) as said:
        invite(2525, folder / "demo")
    named = [line.split()[1:] for line in said.getvalue().splitlines() if line.strip().startswith("mailbridge ")]

    assert len(named) > 3
    for arguments in named:
        done = mailbridge(*arguments, "--desk", "demo", cwd=folder)
        assert (done.returncode, done.stderr) == (exits.OK, ""), arguments


def test_the_page_of_mails_loads_nothing_and_fits_a_phone(tmp_path: Path) -> None:
    done = mailbridge("demo", "--html", "page", cwd=tmp_path)
    page = (tmp_path / "page" / "index.html").read_text()

    assert done.returncode == exits.OK, done.stderr
    assert page.count("<article") == 44
    fetched = r"""(?i)\b(?:src|srcset|background|poster)\s*=\s*["']?(?!data:)[^\s>]+|url\((?!["']?data:)|@import|<script|<link"""
    assert re.findall(fetched, page) == []
    if CI or chromium():
        letter = EmailMessage()
        letter.set_content(page, subtype="html")
        measured = measure(letter, str(chromium()), 390)
        assert measured.wide <= measured.room


def test_a_difference_is_told_and_ends_in_1(tmp_path: Path) -> None:
    """The same demo with an expectation that cannot come true."""
    code = (
        "import sys\n"
        "from mailbridge.cli import demo_samples, main\n"
        "real = demo_samples.samples()\n"
        "wrong = demo_samples.Sample(file=real[0].file, is_=real[0].is_, expect={'team': 'billing'})\n"
        "demo_samples.samples = lambda: (wrong,)\n"
        "sys.exit(main.main(['demo', '--once']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )

    assert done.returncode == exits.MISTAKES
    assert done.stderr == '1 difference:\n  01-vpn-german.eml: team is "network", expected "billing"\n'


def test_it_stays_for_mails_of_ones_own_until_ctrl_c(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [sys.executable, "-u", "-m", "mailbridge", "demo"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert demo.stdout is not None
    try:
        port = int(until(demo.stdout, r"127\.0\.0\.1:(\d+), mail out"))
        until(demo.stdout, r"(Stop: +Ctrl-C)")
        with smtplib.SMTP("127.0.0.1", port) as server:
            server.sendmail(
                "me@home.example", ["support@demo.example"], b"From: me@home.example\r\nSubject: wifi of mine\r\n\r\nbroken\r\n"
            )
        until(demo.stdout, r"(MB-8 +network .* wifi of mine)")
        until(demo.stdout, r"(customer received .* me@home\.example)")
        second = mailbridge("demo", "--once", cwd=tmp_path)
        assert second.returncode == exits.IN_USE
        assert "another demo is running in demo" in second.stderr
    finally:
        demo.send_signal(signal.SIGINT)
        assert demo.wait(20) == exits.OK
        demo.stdout.close()


def until(stream: Iterator[str], pattern: str) -> str:
    """The first group of the first line that matches."""
    end = time.monotonic() + PATIENCE
    for line in stream:
        if found := re.search(pattern, line):
            return found.group(1)
        assert time.monotonic() < end, pattern
    raise AssertionError(f"the demo ended before {pattern}")


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "letter.txt").write_text("mine", encoding="utf-8")

    done = mailbridge("demo", "--once", cwd=tmp_path)

    assert done.returncode == exits.MISTAKES
    assert "is not empty; nothing was written" in done.stderr
    assert [path.name for path in (tmp_path / "demo").iterdir()] == ["letter.txt"]
