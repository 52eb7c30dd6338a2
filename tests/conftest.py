"""Real servers for all tests, each started by the first test that asks for it."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from tests.asked import put_aside
from tests.compiled import compile_once
from tests.examples import examples
from tests.harness import DeskApp
from tests.logs import log_as_before
from tests.unsynced import wait_for_no_disk

put_aside()
wait_for_no_disk()
compile_once()
# Processes that tests start keep what they compile, whatever the tester's environment says: compiling all of it takes each more than a
# second.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# How long an example takes is for benchmarks: the machine's load decides it.
settings.register_profile("untimed", deadline=None, max_examples=examples(100))
settings.load_profile("untimed")
pytest_plugins = [f"tests.servers.{name}" for name in ("postgres", "stores", "dovecot", "postfix", "clamd", "rspamd")]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """The garbage collector does not look at what collecting the tests makes, neither meanwhile nor later: all of it stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def shared_readers() -> Iterator[None]:
    """The reading children that the desks of this session share are gone at its end."""
    yield
    DeskApp.shared.close()


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """A command that runs inside of a test configures the log of this process; the next test finds it as it was."""
    with log_as_before():
        yield
