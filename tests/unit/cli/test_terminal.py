"""Widths, colours, the pager, global options, mistyped commands, completion and manual pages."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.completion import roff
from mailbridge.cli.main import COMMANDS, main
from mailbridge.cli.show import fitted, print_table
from mailbridge.cli.terminal import color_wanted, paged, printable

ROOT = Path(__file__).resolve().parents[3]  # not every Python that runs these tests has the package installed


class Screen(io.TextIOWrapper):
    """A terminal of some encoding that remembers what it was sent."""

    def __init__(self, encoding: str = "utf-8") -> None:
        self.sent = io.BytesIO()
        super().__init__(self.sent, encoding=encoding, errors="strict", write_through=True)

    def isatty(self) -> bool:
        return True


def test_a_column_of_moments_is_whole_or_not_there() -> None:
    widths = {"ID": 2, "CREATED": 17, "TO": 40, "LAST REPLY": 60}
    assert fitted(widths, 80, ["CREATED"], ["CREATED"]) == {"ID": 2, "CREATED": 17, "TO": 27, "LAST REPLY": 28}
    assert fitted(widths, 60, ["CREATED"], ["CREATED"]) == {"ID": 2, "TO": 27, "LAST REPLY": 27}
    assert fitted(widths, 60, [], ["CREATED"])["CREATED"] == 17


def test_a_wide_column_gives_way_before_a_column_is_left_out() -> None:
    widths = {"TICKET": 6, "TEAM": 13, "FROM": 40, "SUBJECT": 90}
    assert fitted(widths, None, ["TEAM"]) == widths
    assert fitted(widths, 100, ["TEAM"]) == {"TICKET": 6, "TEAM": 13, "FROM": 37, "SUBJECT": 38}
    assert fitted(widths, 60, ["TEAM"]) == {"TICKET": 6, "FROM": 25, "SUBJECT": 25}
    assert fitted(widths, 30, ["TEAM"]) == {"TICKET": 6, "FROM": 10, "SUBJECT": 10}


def test_a_screen_too_narrow_for_all_still_gets_every_important_column() -> None:
    assert fitted({"TICKET": 6, "SUBJECT": 90}, 5, []) == {"TICKET": 6, "SUBJECT": 6}


def test_a_table_fits_the_screen_and_goes_whole_into_a_file(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    screen = Screen()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", screen)
        print_table(["TICKET", "SUBJECT"], [["MB-1", "x" * 80]], empty="")
    lines = screen.sent.getvalue().decode().splitlines()
    assert len(lines[1]) == 40
    assert lines[1].endswith("…")

    print_table(["TICKET", "SUBJECT"], [["MB-1", "x" * 80]], empty="")
    assert "x" * 80 in capsys.readouterr().out


@pytest.mark.parametrize(
    ("choice", "environment", "wanted"),
    [
        ("auto", {}, None),
        ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": ""}, None),
        ("auto", {"CLICOLOR_FORCE": "1"}, True),
        ("auto", {"CLICOLOR_FORCE": "0"}, None),
        ("auto", {"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {"CLICOLOR_FORCE": "1"}, False),
    ],
)
def test_the_switch_decides_about_colours_before_the_environment(choice: str, environment: dict[str, str], wanted: bool | None) -> None:
    assert color_wanted(choice, environment) is wanted  # type: ignore[arg-type]


def test_only_what_is_longer_than_the_screen_goes_through_the_pager(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    pager = tmp_path / "pager"
    pager.write_text(f"#!/bin/sh\ncat > {seen}\n")
    pager.chmod(0o700)
    monkeypatch.setenv("PAGER", str(pager))
    monkeypatch.setenv("LINES", "5")
    monkeypatch.setenv("COLUMNS", "80")
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "stdin", Screen())
    with paged(True):
        print("short")
    assert not seen.exists()
    assert screen.sent.getvalue() == b"short\n"
    with paged(True):
        print("\n".join(str(n) for n in range(9)))
    assert seen.read_text().split() == [str(n) for n in range(9)]


@pytest.mark.parametrize("arguments", [["--desk", "{desk}", "tickets", "list"], ["tickets", "list", "--desk", "{desk}"]])
def test_the_desk_is_named_before_or_behind_the_command(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = tmp_path / "desk"
    assert main(["init", str(desk)]) == exits.OK
    monkeypatch.setenv("MAILBRIDGE_DESK", str(tmp_path / "another"))
    assert main([word.format(desk=desk) for word in arguments]) == exits.OK
    assert "no tickets" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["tikets", "list"], '"mailbridge tickets"'),
        (["tickets", "lst"], '"mailbridge tickets list"'),
        (["rules", "explan"], '"mailbridge rules explain"'),
        (["tickets", "list", "--opn"], "--open"),
        (["zzz"], "`mailbridge --help` lists them"),
    ],
)
def test_a_mistyped_word_is_told_with_what_was_meant(typed: list[str], meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(typed) == exits.USAGE
    assert meant in capsys.readouterr().err


def test_output_in_an_encoding_without_the_letter_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen("latin-1")
    monkeypatch.setattr(sys, "stdout", screen)
    with printable():
        print_table(["SUBJECT"], [["Принтер über → 2"]], empty="")
    assert "??????? über ? 2".encode("latin-1") in screen.sent.getvalue()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_completion(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == exits.OK
    script = capsys.readouterr().out
    assert "_MAILBRIDGE_COMPLETE" in script
    if executable := shutil.which(shell):
        subprocess.run([executable, "-n"], input=script.encode(), check=True)


def test_bash_completes_nouns() -> None:
    command = [sys.executable, "-m", "mailbridge"]
    asked = {"_MAILBRIDGE_COMPLETE": "bash_complete", "COMP_WORDS": "mailbridge tick", "COMP_CWORD": "1"}
    done = subprocess.run(command, env=asked, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.split() == ["plain,ticket", "plain,tickets"]


def test_every_command_gets_a_manual_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["man", str(tmp_path)]) == exits.OK
    names = {path.stem for path in tmp_path.glob("*.1")}
    assert {f"mailbridge-{name}" for name in COMMANDS} < names
    page = (tmp_path / "mailbridge-tickets-list.1").read_text()
    assert ".B \\-\\-team TEXT" in page
    if groff := shutil.which("groff"):
        for path in tmp_path.glob("*.1"):
            done = subprocess.run([groff, "-man", "-Tutf8", "-ww", path], capture_output=True, text=True, check=True)
            assert done.stderr == ""


def test_text_cannot_be_taken_for_a_request_of_roff() -> None:
    assert roff(".so /etc/passwd") == "\\&.so /etc/passwd"
    assert roff("a-b \\x") == "a\\-b \\ex"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ticket list", "tickets list"),
        ("ticket show MB-1", "tickets show"),
        ("tickets merge MB-1 MB-2", "ticket merge"),
        ("outbox shw", "outbox show"),
    ],
)
def test_a_verb_of_the_noun_beside_is_found(typed: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(typed.split()) == exits.USAGE
    assert f'Did you mean "mailbridge {meant}"?' in capsys.readouterr().err
