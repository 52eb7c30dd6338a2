"""What is installed: the locks hold everything that pyproject.toml asks for, pinned and with hashes, from no particular registry."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    return {canonicalize_name(name): version for name, version in PIN.findall((ROOT / "requirements" / lock).read_text(encoding="utf-8"))}


@pytest.mark.parametrize(
    ("lock", "asked"),
    [
        ("runtime.lock", PROJECT["dependencies"]),
        ("dev.lock", [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]),
        ("dev.lock", (ROOT / "requirements" / "dev.in").read_text(encoding="utf-8").split("\n")[1:-1]),
    ],
)
def test_a_lock_holds_what_the_project_asks_for(lock: str, asked: list[str]) -> None:
    """When this fails: make lock."""
    have = pins(lock)

    missing = [line for line in asked if not Requirement(line).specifier.contains(have.get(canonicalize_name(Requirement(line).name), "0"))]

    assert missing == []


def test_the_tools_run_beside_exactly_what_users_get() -> None:
    assert pins("runtime.lock").items() <= pins("dev.lock").items()


@pytest.mark.parametrize("lock", ["runtime.lock", "dev.lock"])
def test_every_pin_has_its_hashes(lock: str) -> None:
    blocks = (ROOT / "requirements" / lock).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    pinned = [line for line in blocks if PIN.match(line)]

    assert len(pinned) >= len(pins(lock)) > 30
    assert [line.split()[0] for line in pinned if "--hash=sha256:" not in line] == []


def test_a_desk_needs_few_packages() -> None:
    """Each is somebody's code that reads strangers' mail; a new one takes an argument."""
    assert len(pins("runtime.lock")) <= 45
