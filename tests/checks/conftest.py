"""One nsd with the domains of the tests, and what checks senders against it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from mailbridge.checks.authenticity import AuthenticityChecker
from mailbridge.checks.resolver import Resolver
from mailbridge.message.envelope import Envelope
from mailbridge.message.model import ReadingPolicy, Sender
from mailbridge.message.parse import parse
from tests.checks import domains
from tests.servers import nsd
from tests.servers.nsd import Nsd

Check = Callable[[bytes, Envelope], Sender]


@pytest.fixture(scope="session")
def names() -> Iterator[Nsd]:
    with nsd.running(domains.zones()) as server:
        yield server


@pytest.fixture
def resolver(names: Nsd) -> Resolver:
    return Resolver([("127.0.0.1", names.port)])


@pytest.fixture
def check(resolver: Resolver) -> Check:
    """The sender of a mail as we find it to be."""
    authenticity = AuthenticityChecker(resolver, seconds=10, now=time.monotonic)

    def sender(raw: bytes, envelope: Envelope) -> Sender:
        return authenticity.sender(parse(raw, ReadingPolicy()).sender, raw, envelope)

    return sender
