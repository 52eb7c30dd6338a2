"""Real servers for all tests, each started by the first test that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness import DeskApp

pytest_plugins = ["tests.servers.postgres", "tests.servers.stores", "tests.servers.dovecot", "tests.servers.postfix", "tests.servers.clamd", "tests.servers.rspamd"]


@pytest.fixture(scope="session", autouse=True)
def shared_readers() -> Iterator[None]:
    """The reading children that the desks of this session share are gone at its end."""
    yield
    DeskApp.shared.close()
