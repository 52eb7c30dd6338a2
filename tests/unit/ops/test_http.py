"""The server of the metrics page (mailbridge.ops.http) over real sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest

from mailbridge.ops import http
from mailbridge.ops.http import HttpPage, HttpServer


@pytest.fixture
def server() -> Iterator[HttpServer]:
    made = HttpServer("127.0.0.1", 0, lambda asked: HttpPage(body=f"{asked.path} {asked.accept}".encode()))
    yield made
    made.close()


def get(server: HttpServer, path: str = "/metrics", method: str = "GET") -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request(method, path, headers={"Accept": "text/plain"})
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def told(server: HttpServer, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(request)
        return client.makefile("rb").read()


def test_a_page_is_asked_for_and_comes(server: HttpServer) -> None:
    assert get(server, "/metrics?name=x") == (200, b"/metrics text/plain")
    assert get(server, method="HEAD") == (200, b"")
    assert get(server, method="POST")[0] == 405
    assert told(server, b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert told(server, b"GET /" + b"x" * http.LONGEST + b" HTTP/1.1\r\n\r\n") == b""


def test_idle_connections_cost_no_threads_and_others_are_served(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "A_PEER", 1000)
    before = threading.active_count()
    with ExitStack() as stack:
        for _ in range(150):
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        assert get(server)[0] == 200
        assert threading.active_count() - before <= 20


def test_a_client_has_ten_connections_at_a_time(server: HttpServer) -> None:
    with ExitStack() as stack:
        idle = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20)) for _ in range(10)]
        assert get(server)[0] == 429
        idle[0].close()
        assert any(get(server)[0] == 200 for _ in range(1000))


def test_whoever_says_nothing_is_closed(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PATIENCE", 0.1)
    assert told(server, b"") == b""
    assert told(server, b"GET /metrics HTTP/1.1\r\n") == b""


def test_a_port_in_use_is_told(server: HttpServer) -> None:
    with pytest.raises(OSError, match="in use"):
        HttpServer("127.0.0.1", server.port, lambda _asked: HttpPage())
