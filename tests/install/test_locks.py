"""Both locks, years later: the oldest pip that is supported, and an index that has newer releases of everything.

What a lock leaves open is then taken from the newer release, and pip refuses it because it has no hash.  The newer releases are empty
wheels made here; the pinned ones and pip itself are fetched once and kept.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.install.pip import ROOT, fetched, run

# The pip that a new environment of each CPython has at the least: Debian 12 has 23.0.1, the others what their first release brought.
OLDEST = {(3, 11): "23.0.1", (3, 12): "23.2.1", (3, 13): "24.2", (3, 14): "25.2"}
LOCKS = ROOT / "requirements"
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", re.MULTILINE)

pytestmark = pytest.mark.timeout(600)  # the first run fetches a hundred megabytes


@pytest.fixture(scope="module")
def index(pinned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for --find-links with the pinned files and a release 9999 of each."""
    folder = tmp_path_factory.mktemp("index")
    for file in pinned.iterdir():
        (folder / file.name).symlink_to(file)
    for name in {canonicalize_name(name) for lock in LOCKS.glob("*.lock") for name in PIN.findall(lock.read_text(encoding="utf-8"))}:
        newer(folder, name.replace("-", "_"))
    return folder


def newer(folder: Path, name: str) -> None:
    record = f"{name}-9999.dist-info"
    with zipfile.ZipFile(folder / f"{name}-9999-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{record}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 9999\n")
        wheel.writestr(f"{record}/WHEEL", "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{record}/RECORD", "")


@pytest.fixture(scope="module")
def old_pip(kept: Path) -> str:
    return f"{fetched(f'pip=={OLDEST[sys.version_info[:2]]}', kept)}/pip"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Path]:
    """A new environment without anything; gone afterwards, it is large."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    yield tmp_path / "venv"
    shutil.rmtree(tmp_path / "venv")


def install(venv: Path, old_pip: str, index: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    settings = {name: "" for name in os.environ if name.startswith("PIP_")} | {"PIP_CONFIG_FILE": os.devnull, "PIP_USE_PEP517": "1"}
    command = [venv / "bin" / "python", old_pip, "--disable-pip-version-check", "install", "--quiet", "--no-input", "--no-compile"]
    return run([*command, "--no-index", "--find-links", index, "--require-hashes", *arguments], **settings)


def test_both_locks_install_one_after_the_other(fresh: Path, old_pip: str, index: Path) -> None:
    """As `make demo` and then `make test` do."""
    for lock in ("runtime.lock", "dev.lock"):
        done = install(fresh, old_pip, index, "-r", LOCKS / lock)
        assert done.returncode == 0, done.stderr[-2000:]

    versions = {path.name.split("-")[1] for path in fresh.glob("lib/python*/site-packages/*.dist-info")}
    assert len(versions) > 40
    assert "9999" not in versions


def test_a_lock_that_lost_an_extra_is_refused(fresh: Path, old_pip: str, index: Path, tmp_path: Path) -> None:
    """The test above can fail: this is how dev.lock looked when it failed on a fresh machine."""
    whole = (LOCKS / "dev.lock").read_text(encoding="utf-8")
    assert "coverage[toml]==" in whole
    broken = tmp_path / "broken.lock"
    few = r"^(?:coverage|pytest-cov|pytest|pluggy|iniconfig|packaging|pygments)[=\[].*?(?=^[a-z])"
    pins = re.findall(few, whole.replace("coverage[toml]", "coverage"), re.MULTILINE | re.DOTALL)
    broken.write_text("\n".join(pins), encoding="utf-8")

    done = install(fresh, old_pip, index, "--dry-run", "-r", broken)

    assert done.returncode != 0
    assert "coverage" in done.stderr
