"""A desk for each test, on SQLite and on PostgreSQL: the two must not differ in anything that a mail can cause."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import TestDesk, a_desk


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestDesk]:
    if request.param == "sqlite":
        with a_desk(tmp_path) as desk:
            yield desk
        return
    with a_desk(tmp_path, store_url=request.getfixturevalue("postgres_store_url")) as desk:
        yield desk
