from __future__ import annotations

from datetime import timedelta
from threading import Event

import pytest

from mailbridge.ops.https import NoAnswer, NoConnection, request
from mailbridge.ops.time_limit import TimeLimits
from tests.fakes.broken_http import dripping

SOON, LATE = 0.05, 30.0


def test_a_block_that_takes_too_long_is_cut() -> None:
    cut = Event()
    with TimeLimits().within(SOON, cut.set) as limit:
        assert cut.wait(LATE)
        assert limit.over


def test_a_block_that_ends_in_time_is_left_alone() -> None:
    limits, cut, other = TimeLimits(), Event(), Event()
    with limits.within(SOON, cut.set) as limit:
        pass
    with limits.within(3 * SOON, other.set):
        assert other.wait(LATE)

    assert not cut.is_set()
    assert not limit.over


def test_the_shortest_limit_is_watched_first() -> None:
    limits, short = TimeLimits(), Event()
    with limits.within(LATE, lambda: None) as long, limits.within(SOON, short.set):
        assert short.wait(LATE / 2)
        assert not long.over


def test_a_cut_that_fails_stops_no_other() -> None:
    def closed() -> None:
        raise OSError("closed")

    limits, cut = TimeLimits(), Event()
    with limits.within(SOON, closed) as first, limits.within(2 * SOON, cut.set):
        assert cut.wait(LATE)

    assert first.over


# A TLS record of 16,000 bytes is announced: the handshake waits for its end.
@pytest.mark.parametrize(
    ("scheme", "first"), [("http", b""), ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"), ("https", b"\x16\x03\x03\x3e\x80")]
)
def test_a_server_that_drips_holds_nobody(scheme: str, first: bytes) -> None:
    with dripping(first) as port, pytest.raises(NoAnswer, match=r"0\.3 s") as caught:
        request("GET", f"{scheme}://127.0.0.1:{port}/", None, {}, time_limit=timedelta(seconds=0.3), most=1 << 20)

    assert scheme == "https" or not isinstance(caught.value, NoConnection)
