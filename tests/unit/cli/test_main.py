"""Whatever ends a command: words on standard error, a code that means something, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from mailbridge.cli import exits, main
from mailbridge.errors import ConfigError, InUse, MailbridgeError, Permanent, Problem, StoreAway

END_OF_COMMAND: list[tuple[Exception, int, str]] = [
    (click.UsageError("no such option"), exits.USAGE, "Error: no such option"),
    (click.Abort(), exits.STOPPED, ""),
    (
        ConfigError((Problem(file="mailbridge.toml", message="wrong", hint="do this"),)),
        exits.USAGE,
        "mailbridge.toml: wrong\n    do this\n1 error\n",
    ),
    (InUse("another daemon runs this desk", pid=7), exits.IN_USE, "mailbridge: another daemon runs this desk (pid=7)\n"),
    (StoreAway("the database cannot be reached"), exits.TEMPORARY, "mailbridge: the database cannot be reached\nNothing was lost"),
    (Permanent("there is no ticket MB-9"), exits.MISTAKES, "mailbridge: there is no ticket MB-9\n"),
    (MailbridgeError("a \x1b[31m name"), exits.MISTAKES, "mailbridge: a \\x1b[31m name\n"),
    (PermissionError(13, "Permission denied", "/x"), exits.MISTAKES, "mailbridge: Permission denied: /x\n"),
    (KeyError("thing"), exits.INTERNAL, "mailbridge: internal error: KeyError: 'thing'"),
]


@pytest.mark.parametrize(("error", "code", "words"), END_OF_COMMAND, ids=[type(error).__name__ for error, _, _ in END_OF_COMMAND])
def test_each_end_has_its_code_and_its_words(
    error: Exception, code: int, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main, "cli", Failing(error))

    assert main.main(["tickets"]) == code

    captured = capsys.readouterr()
    assert words in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


class Failing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def main(self, **_: object) -> None:
        raise self.error


@pytest.mark.parametrize("arguments", [["tickts"], ["--wrong"], ["init"], ["tickets", "show"], ["init", "x", "--address", "no address"]])
def test_a_wrong_command_line_is_told_with_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(arguments) == exits.USAGE
    assert "Error: " in capsys.readouterr().err


def test_a_folder_that_is_no_desk_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["tickets", "list", "--desk", str(tmp_path)]) == exits.USAGE
    assert capsys.readouterr().err == (
        f"{tmp_path}/mailbridge.toml: there is no such file\n"
        f"    mailbridge init {tmp_path} writes one; --desk or MAILBRIDGE_DESK names the desk's folder\n1 error\n"
    )


def test_a_folder_that_is_not_there_is_the_one_to_make(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["tickets", "list", "--desk", str(tmp_path / "new")]) == exits.USAGE
    assert f"mailbridge init {tmp_path}/new writes one" in capsys.readouterr().err


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_in_the_table_is_there_and_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main([name, "--help"]) == exits.OK
    assert f"Usage: mailbridge {name}" in capsys.readouterr().out


def test_help_lists_every_command_without_importing_any(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--help"]) == exits.OK

    text = capsys.readouterr().out
    assert all(f"\n  {name} " in text for name in main.COMMANDS)


def test_help_imports_none_of_the_heavy_packages() -> None:
    code = "import sys; from mailbridge.cli.main import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    loaded = {name.split(".")[0] for name in done.stderr.split()}
    assert loaded.isdisjoint({"sqlalchemy", "aiosmtpd", "imapclient", "jinja2", "structlog", "pydantic", "asyncio", "numpy"})


def test_a_desk_on_sqlite_needs_nothing_of_postgresql_and_of_holidays() -> None:
    """They take long to load: the driver comes with the first connection, the holidays with the first rule that names a country.

    Nothing of OpenTelemetry is loaded where no collector is named, or where the standard environment switches it off.
    """
    code = """
import sys
from mailbridge.config.model import Config, DeskSettings
from mailbridge.daemon import app, telemetry
config = Config(folder=None, desk=DeskSettings(name="a", address="a@b.test"))
for environment in ({"OTEL_SERVICE_NAME": "x"}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}):
    telemetry.begin(config, None, environment)()
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert {name.split(".")[0] for name in done.stdout.split()}.isdisjoint(
        {"psycopg", "psycopg_binary", "holidays", "aiosmtpd", "imapclient", "opentelemetry", "google", "requests"}
    )


def test_a_command_that_reads_the_rules_loads_none_of_the_checks(tmp_path: Path) -> None:
    assert main.main(["init", str(tmp_path / "desk"), "--name", "Acme", "--address", "support@desk.test"]) == exits.OK
    code = "import sys; from mailbridge.cli.main import main; main(sys.argv[1:]); print(*sys.modules)"
    asked = [sys.executable, "-c", code, "--desk", str(tmp_path / "desk"), "agents", "list"]
    done = subprocess.run(asked, check=True, capture_output=True, text=True)

    modules = done.stdout.splitlines()[-1].split()
    assert "mailbridge.rules.load" in modules
    assert not any(name.split(".")[0] in {"dkim", "dns", "psycopg"} or name.startswith("mailbridge.checks") for name in modules)


def test_a_reader_that_has_enough_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)

    done = subprocess.run([sys.executable, "-m", "mailbridge", "--help"], stdout=write, stderr=subprocess.PIPE, check=False)

    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--version"]) == exits.OK
    assert capsys.readouterr().out.startswith("mailbridge 0.")


def test_the_exit_codes_are_in_the_manual() -> None:
    manual = (Path(__file__).resolve().parents[3] / "docs" / "manual" / "README.md").read_text(encoding="utf-8")
    codes: dict[str, int] = {name: value for name, value in vars(exits).items() if isinstance(value, int)}

    assert len(codes) == 8
    assert [name for name, code in codes.items() if f"| {code} |" not in manual] == []
