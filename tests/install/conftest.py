"""What the tests of the installation share."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import pytest

from tests.install.pip import ROOT, not_here, own_wheel, pip, run

BUILDERS = ("setuptools", "wheel")  # dkimpy and pyspf come as source only


@pytest.fixture(scope="session")
def kept(request: pytest.FixtureRequest) -> Path:
    """A folder that stays between runs: .pytest_cache/d/packages."""
    assert request.config.cache is not None
    return request.config.cache.mkdir("packages")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_wheel(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def pinned(kept: Path) -> Path:
    """The very files that dev.lock names, and what the two source packages are built with."""
    lock = ROOT / "requirements" / "dev.lock"
    folder = kept / f"{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}-{sys.implementation.cache_tag}"
    if not (folder / "complete").exists():
        for old in kept.glob(f"*-{sys.implementation.cache_tag}"):
            shutil.rmtree(old)
        get = [*pip(), "--disable-pip-version-check", "download", "--quiet", "--no-deps", "-d", folder]
        for done in (run([*get, "--require-hashes", "-r", lock]), run([*get, "--only-binary=:all:", *BUILDERS])):
            if done.returncode:
                not_here(f"the packages of dev.lock cannot be fetched: {done.stderr[-500:]}")
        (folder / "complete").touch()
    return folder
