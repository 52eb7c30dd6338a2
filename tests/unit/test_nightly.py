"""`make nightly`: parts of less than an hour, each with a seed that does it again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.nightly.__main__ import LIMIT, PARTS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("part", ["", "nonsense"])
def test_without_a_part_they_are_listed(part: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.nightly", *part.split()], cwd=ROOT, capture_output=True, text=True, check=False
    )  # fmt: skip

    assert done.returncode == 2
    assert [name for name in PARTS if f"\n  {name}" not in done.stderr] == []


@pytest.mark.parametrize("name", PARTS)
def test_each_part_takes_the_seed_and_has_time_left(name: str) -> None:
    part = PARTS[name]
    command, variables = part.run(4711, part.seconds)

    assert part.seconds <= LIMIT * 0.75
    assert "4711" in (*command, *variables.values())
    assert str(part.seconds) in (*command, *variables.values())
    files = [*(ROOT / "tests").rglob("test_*.py"), ROOT / "tests" / "install" / "roots.py"]
    read = "".join(path.read_text() for path in files if path.parent.name in ("e2e", "crash", "properties", "install", "silences"))
    assert [variable for variable in variables if f'"{variable}"' not in read and variable != "PYTHONHASHSEED"] == []
    assert [word for word in command if word.startswith("tests/") and not (ROOT / word).exists()] == []
