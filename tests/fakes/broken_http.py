"""Servers on a loopback port that answer HTTP requests with something that is no whole answer, and close."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from threading import Event, Thread

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

# http.client: IncompleteRead, BadStatusLine, RemoteDisconnected, LineTooLong, UnknownProtocol, HTTPException; and what urllib3 adds.
ANSWERS: dict[str, bytes] = {
    "nothing": b"",
    "half a status line": b"HTTP/1.1 20",
    "another protocol": b"220 mail.example ESMTP\r\n",
    "a status that is a word": b"HTTP/1.1 OK\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 9999 Hi\r\n\r\n",
    "a version of its own": b"HTTP/9.9 200 OK\r\n\r\n{}",
    "a status line without end": b"HTTP/1.1 200 " + b"a" * 70_000,
    "a field without end": OK + b"X-Field: " + b"a" * 70_000,
    "too many fields": OK + b"".join(b"X-%d: 1\r\n" % number for number in range(200)) + b"\r\n",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a body that is cut off": OK + b'Content-Length: 100\r\n\r\n{"access_token": "abc"}',
    "no body where one is announced": OK + b"Content-Length: 100\r\n\r\n",
    "a chunk that is cut off": CHUNKED + b'40\r\n{"access_token"',
    "no last chunk": CHUNKED + b"2\r\n{}\r\n",
    "a chunk of no size": CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n",
    "a chunk of negative size": CHUNKED + b"-1\r\n{}\r\n0\r\n\r\n",
    "only 100 Continue": b"HTTP/1.1 100 Continue\r\n\r\n",
}


@contextmanager
def answering(said: bytes) -> Iterator[int]:
    """The port of a server that says this to every request, and ends the connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=_serve, args=(server, said), daemon=True)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


@contextmanager
def dripping(first: bytes) -> Iterator[int]:
    """The port of a server that says `first` and then an octet every now and then, for ever."""

    def drip(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                Thread(target=octets, args=(connection,), daemon=True).start()

    def octets(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.sendall(first)
            while not pause.wait(0.02):
                connection.sendall(b"\x16")

    pause = Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = Thread(target=drip, args=(server,), daemon=True)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            pause.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(server: socket.socket, said: bytes) -> None:
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                _read_request(connection)
                connection.sendall(said)


def _read_request(connection: socket.socket) -> None:
    """All of it: unread octets would make the close a reset, and the client would lose the answer."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += (more := connection.recv(65536))
        if not more:
            return
    head, _, body = heard.partition(b"\r\n\r\n")
    lengths = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < sum(lengths):
        body += (more := connection.recv(65536))
        if not more:
            return
