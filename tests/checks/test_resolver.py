"""Questions to the DNS: answered, remembered, given up in time.  On a real nsd, and on ports where nobody is."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass

import pytest

from mailbridge.checks.resolver import LONGEST, RECORD_BYTES, Resolver, Unanswered
from tests.checks.domains import GOOD
from tests.servers import nsd
from tests.servers.nsd import Nsd, txt

pytestmark = pytest.mark.servers

SOON = 1e12  # later than any clock here


@dataclass
class Hand:
    """A clock that a test moves."""

    time: float = 0.0

    def __call__(self) -> float:
        return self.time


def test_every_kind_of_record_comes_as_plain_values(resolver: Resolver) -> None:
    assert resolver.ask("customer.test", "TXT", until=SOON) == (f"v=spf1 ip4:{GOOD} -all".encode(),)
    assert resolver.ask("customer.test.", "MX", until=SOON) == ((10, "host.customer.test"),)
    assert resolver.ask("HOST.customer.test", "A", until=SOON) == (GOOD,)


@pytest.mark.parametrize("name", ["missing.customer.test", "host.customer.test", "a..b.test", "x" * 64 + ".test", "", "\udcff.test"])
def test_what_is_not_there_is_nothing(resolver: Resolver, name: str) -> None:
    assert resolver.ask(name, "TXT", until=SOON) == ()


def test_a_long_text_is_joined_and_one_too_long_left_out() -> None:
    long = "x" * (RECORD_BYTES - 1)
    with nsd.running({"long.test": txt("fits", long) + txt("over", long + "xx")}) as server:
        resolver = Resolver([("127.0.0.1", server.port)])

        assert resolver.ask("fits.long.test", "TXT", until=SOON) == (long.encode(),)
        assert resolver.ask("over.long.test", "TXT", until=SOON) == ()


def test_an_answer_is_remembered_as_long_as_its_owner_allows(names: Nsd) -> None:
    clock = Hand()
    resolver = Resolver([("127.0.0.1", names.port)], now=clock)

    asked = []
    for clock.time in (0.0, 0.9, 1.1):
        resolver.ask("brief.customer.test", "A", until=SOON)  # its TTL is one second
        asked.append(resolver.asked)

    assert asked == [1, 1, 2]


def test_an_owner_cannot_be_believed_for_ever() -> None:
    clock = Hand()
    with nsd.running({"long.test": txt("@", "for a week", ttl=604800)}) as server:
        resolver = Resolver([("127.0.0.1", server.port)], now=clock)
        for clock.time in (0.0, LONGEST - 1, LONGEST + 1):
            resolver.ask("long.test", "TXT", until=SOON)

    assert resolver.asked == 2


def test_absence_is_remembered_too(resolver: Resolver) -> None:
    for _ in range(3):
        assert resolver.ask("missing.customer.test", "TXT", until=SOON) == ()

    assert resolver.asked == 1


def test_a_name_that_the_server_refuses_is_unanswered(resolver: Resolver) -> None:
    with pytest.raises(Unanswered):
        resolver.ask("no.such.zone.example", "TXT", until=SOON)


def test_a_silent_server_costs_the_time_that_is_left_and_no_more() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        resolver = Resolver([silent.getsockname()])
        start = time.monotonic()

        with pytest.raises(Unanswered):
            resolver.ask("customer.test", "TXT", until=start + 0.5)
        with pytest.raises(Unanswered, match="no time left"):
            resolver.ask("customer.test", "TXT", until=start)

    assert time.monotonic() - start < 2


def test_a_dead_port_is_unanswered_and_not_asked_again_at_once(names: Nsd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbridge.checks.resolver.LIFETIME", 0.3)
    clock = Hand()
    with nsd.running({"gone.test": txt("@", "back")}) as server:
        resolver = Resolver([("127.0.0.1", server.port)], now=clock)
        server.stop()
        for _ in range(3):
            with pytest.raises(Unanswered):
                resolver.ask("gone.test", "TXT", until=SOON)
        asked = resolver.asked
        server.start()
        clock.time += 16

        assert resolver.ask("gone.test", "TXT", until=SOON) == (b"back",)
    assert asked == 1
