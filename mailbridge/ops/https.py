"""One HTTP request, with limits on its time and on the size of the answer.

Redirects are not followed: they could send a signed body or a secret to a host that is not configured.  Proxies of the environment are
not used.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event, Timer
from urllib.parse import SplitResult, urlsplit

from urllib3.connection import HTTPConnection, HTTPException, HTTPSConnection
from urllib3.exceptions import HTTPError

from mailbridge import __version__

NO_CONNECTION = "to which no connection may be made"  # how the fault ends where `may_connect` forbids the address


class NoAnswer(Exception):
    """No complete HTTP answer came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    status: int
    body: bytes  # cut off at the limit of the request
    retry_after: timedelta | None = None
    location: str = ""  # target of a redirect


def request(
    method: str,
    url: str | SplitResult,
    body: bytes | None,
    headers: Mapping[str, str],
    *,
    time_limit: timedelta,
    most: int,
    ca_file: Path | None = None,
    may_connect: Callable[[str], bool] | None = None,
) -> Response:
    """Sends a request on its own connection and returns the answer, with at most `most` bytes of its body.  Raises NoAnswer.

    Thread-safe.  `may_connect` gets the IP address of the open connection, so that DNS rebinding cannot get around it.  If it
    returns False, nothing is sent.
    """
    where = urlsplit(url) if isinstance(url, str) else url
    seconds = time_limit.total_seconds()
    connection = _connection(where, seconds, ca_file)
    # A server that sends a byte a second keeps every single read within its limit.  The timer limits the whole request.
    late = Event()
    timer = Timer(seconds, _cut, (connection, late))
    timer.daemon = True
    timer.start()
    try:
        if may_connect is not None:
            _connect(connection, where.hostname or "", may_connect)
        connection.request(
            method, _path(where), body=body, headers={"User-Agent": f"mailbridge/{__version__}", **headers},
            preload_content=False, decode_content=False,
        )  # fmt: skip
        response = connection.getresponse()
        answer = response.read(most)
        if late.is_set():  # a header that was cut off looks complete
            raise TimeoutError
        if response.length_remaining and len(answer) < most:  # read() with a limit does not report a body that was cut off
            raise NoAnswer(f"the answer ended {response.length_remaining} bytes before its end")
        return Response(
            status=response.status,
            body=answer,
            retry_after=_seconds(response.headers.get("Retry-After", "")),
            location=response.headers.get("Location", ""),
        )
    except (HTTPError, HTTPException, OSError, ValueError) as error:  # HTTPException: the answer is not HTTP
        raise NoAnswer(f"no whole answer within {seconds:g} s" if late.is_set() else f"{type(error).__name__}: {error}") from error
    finally:
        timer.cancel()
        connection.close()


def _connection(where: SplitResult, seconds: float, ca_file: Path | None) -> HTTPConnection:
    host = where.hostname or ""
    if where.scheme == "http":
        return HTTPConnection(host, where.port, timeout=seconds)
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    return HTTPSConnection(host, where.port, timeout=seconds, ssl_context=context)


def _connect(connection: HTTPConnection, host: str, may_connect: Callable[[str], bool]) -> None:
    connection.connect()
    peer = str(connection.sock.getpeername()[0]) if connection.sock is not None else ""
    if not may_connect(peer):
        raise NoAnswer(f"{host} has the address {peer}, {NO_CONNECTION}")


def _path(where: SplitResult) -> str:
    return (where.path or "/") + (f"?{where.query}" if where.query else "")


def _cut(connection: HTTPConnection, late: Event) -> None:
    late.set()
    if connection.sock is not None:
        with suppress(OSError):  # already closed
            connection.sock.shutdown(socket.SHUT_RDWR)


def _seconds(text: str) -> timedelta | None:
    """Parses Retry-After in seconds (RFC 9110 10.2.3); None for the form with a date."""
    return timedelta(seconds=int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else None
