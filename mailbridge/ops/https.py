"""One HTTP request with a limit on everything: time and what is read of the answer.

Redirects are not followed: they would carry a signed body or a secret to a host that nobody named.  Proxies of the environment are not
used.
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
    """Nothing came back that is a whole HTTP answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    status: int
    body: bytes  # its first bytes, where it is longer than asked for
    retry_after: timedelta | None = None
    location: str = ""  # where a redirect leads to


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
    """The answer to a request, at most `most` bytes of it, on a connection of its own.  Raises NoAnswer.

    Any number of threads may call.  Where the call may go is for the caller to decide; `may_connect` is asked for the IP address that the
    connection has, whatever the name server says before and after, and nothing is sent where it says no.
    """
    where = urlsplit(url) if isinstance(url, str) else url
    seconds = time_limit.total_seconds()
    connection = _connection(where, seconds, ca_file)
    # A server that sends a byte a second would keep every single read within its limit; the timer ends the whole.
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
        if late.is_set():  # a header that was cut off looks like one that ended
            raise TimeoutError
        if response.length_remaining and len(answer) < most:  # read() with a limit takes a body that was cut off for a whole one
            raise NoAnswer(f"the answer ended {response.length_remaining} bytes before its end")
        return Response(
            status=response.status,
            body=answer,
            retry_after=_seconds(response.headers.get("Retry-After", "")),
            location=response.headers.get("Location", ""),
        )
    except (HTTPError, HTTPException, OSError, ValueError) as error:  # HTTPException: what came is no HTTP
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
        with suppress(OSError):  # closed in the same moment
            connection.sock.shutdown(socket.SHUT_RDWR)


def _seconds(text: str) -> timedelta | None:
    """RFC 9110 10.2.3, the form in seconds; a date is not worth a second clock."""
    return timedelta(seconds=int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else None
