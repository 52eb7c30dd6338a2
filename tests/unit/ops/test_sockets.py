"""The sockets that systemd hands over (mailbridge.ops.sockets)."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from mailbridge.errors import Permanent
from mailbridge.ops import sockets
from mailbridge.ops.http import HttpPage, HttpServer, serve

Pass = Callable[..., None]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


@pytest.fixture
def pass_(monkeypatch: pytest.MonkeyPatch, stack: ExitStack) -> Pass:
    """Passes sockets to this process as systemd does, with these names; LISTEN_… can be something else."""

    def passing(*given: tuple[str, socket.socket], **instead: str) -> None:
        first = 900
        for place, (_, one) in enumerate(given):
            os.dup2(one.fileno(), first + place)
            stack.callback(os.close, first + place)
        monkeypatch.setattr(sockets, "FIRST", first)
        names = ":".join(name for name, _ in given)
        environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(given)), "LISTEN_FDNAMES": names}
        for name, value in (environment | instead).items():
            monkeypatch.setenv(name, value)

    return passing


def listening(stack: ExitStack) -> socket.socket:
    return stack.enter_context(socket.create_server(("127.0.0.1", 0)))


def test_all_sockets_of_a_name_are_taken_and_stay_systemds(pass_: Pass, stack: ExitStack) -> None:
    """A .socket unit with two lines ListenStream= passes two sockets of one name."""
    one, other, metrics = (listening(stack) for _ in range(3))
    pass_(("smtp", one), ("metrics", metrics), ("smtp", other))

    sockets.match(["smtp", "metrics"])
    taken = sockets.named("smtp")

    assert [each.getsockname() for each in taken] == [one.getsockname(), other.getsockname()]
    assert not any(each.getblocking() or os.get_inheritable(each.fileno()) for each in taken)
    for each in taken:
        each.close()
    stack.enter_context(socket.create_connection(one.getsockname(), timeout=5))  # the kernel still takes connections


@pytest.mark.parametrize(
    ("wanted", "instead", "told"),
    [
        (["smtp", "lmtp"], {}, r'no socket named "lmtp" \(passed: "smtp"\); enable the \.socket unit with FileDescriptorName=lmtp'),
        ([], {}, r'systemd passed "smtp", and nothing in mailbridge.toml takes it: its clients would wait for ever; write socket = "smtp"'),
        (["smtp"], {"LISTEN_PID": "1"}, r"LISTEN_PID is 1, this process is \d+"),
        (["smtp"], {"LISTEN_PID": ""}, r'no socket named "smtp" \(passed: none\)'),
        (["smtp"], {"LISTEN_FDS": "2"}, r"LISTEN_FDS says 2 sockets, LISTEN_FDNAMES has 1 names"),
        (["smtp"], {"LISTEN_FDS": "many"}, r'LISTEN_FDS="many" is not a number'),
    ],
)
def test_a_mismatch_says_what_systemd_passed_and_what_to_do(
    pass_: Pass, stack: ExitStack, wanted: list[str], instead: dict[str, str], told: str
) -> None:
    pass_(("smtp", listening(stack)), **instead)
    with pytest.raises(Permanent, match=told):
        sockets.match(wanted)


def test_without_sockets_on_either_side_nothing_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LISTEN_PID", raising=False)
    sockets.match([])


@pytest.mark.parametrize("kind", ["datagram", "connection", "local", "closed"])
def test_what_is_no_listening_tcp_socket_is_refused(pass_: Pass, stack: ExitStack, kind: str) -> None:
    family = socket.AF_UNIX if kind == "local" else socket.AF_INET
    one = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM if kind == "datagram" else socket.SOCK_STREAM))
    if kind == "local":
        one.bind(f"\0mailbridge-{os.getpid()}")
        one.listen()
    if kind == "closed":
        pass_(LISTEN_FDS="1", LISTEN_FDNAMES="smtp")
    else:
        pass_(("smtp", one))
    with pytest.raises(Permanent, match=r'the socket "smtp" that systemd passed (is no listening TCP socket|cannot be used: Bad file)'):
        sockets.named("smtp")


def test_a_page_is_served_on_a_socket_and_the_next_server_goes_on(pass_: Pass, stack: ExitStack) -> None:
    """What connects between the two waits in the kernel."""
    given = listening(stack)
    pass_(("metrics", given))
    first: HttpServer = serve("metrics", None, "metrics", lambda _asked: HttpPage(body=b"first"))
    first.close()
    with socket.create_connection(given.getsockname(), timeout=20) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        second = serve("metrics", None, "metrics", lambda _asked: HttpPage(body=b"second"))
        stack.callback(second.close)
        assert client.makefile("rb").read().endswith(b"second")
