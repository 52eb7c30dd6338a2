"""The systemd units: they name commands that exist, agree with the exit codes, and leave little to reach."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mailbridge.cli import exits
from mailbridge.cli.main import COMMANDS

UNITS = sorted((Path(__file__).resolve().parents[2] / "deploy" / "systemd").glob("*.service"))


def settings(unit: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", unit.read_text(encoding="utf-8"), flags=re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_the_unit_starts_a_command_that_exists_and_waits_for_its_word(unit: Path) -> None:
    found = settings(unit)

    assert found["ExecStart"][0].split()[1] in COMMANDS
    assert found["Type"] == ["notify"]
    assert int(found["WatchdogSec"][0]) > 2 * 15  # the heartbeat of the daemon
    assert found["RestartPreventExitStatus"] == [f"{exits.MISTAKES} {exits.USAGE} {exits.IN_USE}"]
    assert found["StartLimitIntervalSec"] == ["0"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine (Debian: systemd)")
def test_systemd_finds_little_to_reach(unit: Path, tmp_path: Path) -> None:
    """Its scale goes from 0 to 10 (a service as it comes has 9.6); ours is at most 1.5."""
    copy = tmp_path / unit.name.replace("@", "")
    copy.write_text(unit.read_text(encoding="utf-8"), encoding="utf-8")

    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", copy], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout[-200:] + done.stderr
