"""`mailbridge paths`: every folder that comes along is there, in a checkout and in the wheel."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.main import main
from mailbridge.config import shipped

INSIDE = {
    "manual": "README.md",
    "deploy": "systemd/mailbridge.service",
    "rules": "teams.yaml",
    "schemas": "teams.json",
    "knowledge": "KB-1-start.en.md",
    "answers": "visit.ro.md",
    "templates": "mail/customer.received.j2",
}


@pytest.mark.parametrize("name", shipped.FOLDERS)
def test_each_name_prints_its_folder_alone(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paths", name]) == exits.OK
    assert (Path(capsys.readouterr().out.removesuffix("\n")) / INSIDE[name]).is_file()


def test_without_a_name_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paths", "--json"]) == exits.OK
    assert json.loads(capsys.readouterr().out) == {name: str(shipped.folder(name)) for name in shipped.FOLDERS}
    assert main(["paths"]) == exits.OK
    listed = capsys.readouterr().out
    assert [name for name in shipped.FOLDERS if name not in listed] == []


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paths", "manuals"]) == exits.USAGE
    assert "manual" in capsys.readouterr().err
