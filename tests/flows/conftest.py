"""A desk for each test: on SQLite, and where the test asks for `any_desk`, on PostgreSQL too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import TestDesk, a_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    with a_desk(tmp_path) as desk:
        yield desk
