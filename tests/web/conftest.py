"""A desk with pages, and browsers that ask them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from tests.harness import TestDesk, a_desk
from tests.servers.postgres import Postgres
from tests.web.browser import SETTINGS, Browser, pages_of


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def desk_of_both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestDesk]:
    if request.param == "sqlite":
        with a_desk(tmp_path, web=SETTINGS) as desk:
            yield desk
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.database() as url, a_desk(tmp_path, store_url=url, web=SETTINGS) as desk:
        yield desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestDesk]:
    with a_desk(tmp_path, web=SETTINGS) as desk:
        yield desk


@pytest.fixture
def pages(desk: TestDesk) -> ASGIApp:
    return pages_of(desk)


@pytest.fixture
def browser(pages: ASGIApp) -> Browser:
    return Browser(app=pages)
