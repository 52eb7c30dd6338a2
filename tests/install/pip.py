"""pip for the tests, what it fetches kept between runs, and our own wheel."""

from __future__ import annotations

import ensurepip
import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def pip() -> list[str]:
    """The command that runs a pip of today: that of this environment, else the one that Python brings along for new environments."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    bundled = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    if not bundled:
        not_here("pip: apt-get install python3-venv")
    return [sys.executable, f"{bundled[-1]}/pip"]


def run(command: Sequence[str | Path], **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MAILBRIDGE"))}
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, cwd="/", env={**inherited, **environment}
    )


def fetched(wheel: str, folder: Path) -> Path:
    """The wheel of `NAME==VERSION` or `NAME`, from `folder` where it was fetched before.  Skips without a network, fails in CI."""
    name = wheel.partition("==")[0]
    if not list(folder.glob(f"{name}-*.whl")):
        done = run([*pip(), "--disable-pip-version-check", "download", "--quiet", "--no-deps", "--only-binary=:all:", "-d", folder, wheel])
        if done.returncode:
            not_here(f"{wheel} cannot be fetched: {done.stderr[-300:]}")
    return next(folder.glob(f"{name}-*.whl"))


def not_here(what: str) -> None:
    """Skips the test and says what it needs; in CI it fails, a skip there would hide a hole."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def own_wheel(folder: Path) -> Path:
    """mailbridge's wheel of this checkout, built into `folder`."""
    done = run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT])
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return next(folder.glob("mailbridge_desk-*.whl"))
