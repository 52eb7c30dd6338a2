"""What the tests of the installation share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.install.pip import own_wheel


@pytest.fixture(scope="session")
def kept(request: pytest.FixtureRequest) -> Path:
    """A folder that stays between runs: .pytest_cache/d/packages."""
    assert request.config.cache is not None
    return request.config.cache.mkdir("packages")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_wheel(tmp_path_factory.mktemp("dist"))
