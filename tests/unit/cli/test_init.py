"""A new desk's folder: complete, without secrets, accepted by our own reader, never written over something."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.main import main
from mailbridge.config import shipped
from mailbridge.config.load import load
from mailbridge.config.model import AgentTrust
from mailbridge.config.sections import SECTIONS


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_the_desk_it_writes_can_be_read(tmp_path: Path) -> None:
    assert main(["init", str(tmp_path / "desk"), "--name", 'Ana "A" & Co', "--address", "help@acme.example"]) == exits.OK

    config = load(tmp_path / "desk", {})
    assert (config.desk.name, config.desk.address) == ('Ana "A" & Co', "help@acme.example")
    assert config.outgoing.url.startswith("maildir:")
    assert config.desk.agent_trust is AgentTrust.DMARC


def test_the_demo_desk_listens_on_loopback_only(tmp_path: Path) -> None:
    assert main(["init", str(tmp_path / "desk"), "--demo", "--port", "2626"]) == exits.OK

    config = load(tmp_path / "desk", {})
    assert [(listener.protocol, listener.host, listener.port) for listener in config.listeners] == [("smtp", "127.0.0.1", 2626)]
    assert config.desk.agent_trust is AgentTrust.TOKEN


def test_the_shipped_rules_come_along_and_templates_stay_with_mailbridge(tmp_path: Path) -> None:
    main(["init", str(tmp_path / "desk")])

    rules = {f"rules/{name}" for name in files(shipped.rules())}
    explained = {f"{name}/README.md" for name in ("templates", "knowledge", "answers")}
    assert files(tmp_path / "desk") == {"mailbridge.toml", ".gitignore", *explained, *rules}


def test_git_ignores_what_is_secret(tmp_path: Path) -> None:
    main(["init", str(tmp_path / "desk")])

    ignored = (tmp_path / "desk" / ".gitignore").read_text(encoding="utf-8").splitlines()
    keys = load(tmp_path / "desk", {}).backup_keys.relative_to(tmp_path / "desk")
    assert {f"/{keys}/", "/secrets/", "*.db", "/dkim-*.pem", "*.key", "*.secret", "/google.json"} <= set(ignored)


def test_the_way_to_the_shipped_templates_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--show-templates"]) == exits.OK
    assert capsys.readouterr().out == f"{shipped.templates()}\n"


@pytest.mark.parametrize("demo", [[], ["--demo"]])
def test_every_line_that_is_commented_out_works_when_it_is_not(tmp_path: Path, demo: list[str]) -> None:
    main(["init", str(tmp_path / "desk"), *demo])
    text = (tmp_path / "desk" / "mailbridge.toml").read_text(encoding="utf-8")

    # Switch on each commented key and section; the second url of [outgoing] replaces the first.
    switched = [
        line.removeprefix("# ") if line.startswith(("# [", *(f"# {key} = " for key in all_keys()))) else line for line in text.splitlines()
    ]
    data = tomllib.loads("\n".join(line for line in switched if not line.startswith('url = "maildir:')))

    known = {f"{section}.{key}" for section, schema in SECTIONS.items() for key in schema.keys}
    unknown = {f"{section}.{key}" for section, table in data.items() for key in keys_of(table)} - known
    assert unknown == set()
    assert {"mailbox", "listener", "outgoing", "store", "desk"} <= set(data)


def all_keys() -> set[str]:
    return {key for schema in SECTIONS.values() for key in schema.keys}


def keys_of(table: object) -> set[str]:
    if isinstance(table, list):
        return {key for each in table for key in each}
    return set(table) if isinstance(table, dict) else {"not a section"}


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")

    assert main(["init", str(tmp_path)]) == exits.MISTAKES

    assert "is not empty; nothing was written" in capsys.readouterr().err
    assert files(tmp_path) == {"letter.txt"}


def test_an_empty_folder_is_taken_and_a_file_in_the_way_is_not(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    assert main(["init", str(tmp_path / "file")]) == exits.MISTAKES
    (tmp_path / "empty").mkdir()
    assert main(["init", str(tmp_path / "empty")]) == exits.OK


def test_it_says_what_to_do_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["init", str(tmp_path / "desk")])

    out = capsys.readouterr().out
    assert "mailbridge check" in out
    assert "mailbridge run" in out
