"""One HTTP request, with limits on its time and on the size of the answer.

Redirects are not followed: they could send a signed body or a secret to a host that is not configured.  Proxies of the environment are
not used.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from urllib3 import HTTPHeaderDict
from urllib3.connection import HTTPConnection, HTTPException, HTTPSConnection
from urllib3.exceptions import HTTPError

from mailbridge import __version__
from mailbridge.ops.time_limit import within

NO_CONNECTION = "to which no connection may be made"  # how the fault ends where `may_connect` forbids the address


class NoAnswer(Exception):
    """No complete HTTP answer came."""


class NoConnection(NoAnswer):
    """No connection to the host could be opened: nothing was sent."""


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
    headers: Mapping[str, str] | Sequence[tuple[str, str]],
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
    with within(seconds, connection.cut) as limit:
        try:
            _connect(connection, where, may_connect)
            response = _exchange(connection, method, where, body, _fields(headers), most)
            if limit.over:  # a header that was cut off looks complete
                raise TimeoutError
            return response
        except (NoAnswer, HTTPError, HTTPException, OSError, ValueError) as error:  # HTTPException: the answer is not HTTP
            if limit.over:
                raise NoAnswer(f"no whole answer within {seconds:g} s") from error
            if isinstance(error, NoAnswer):
                raise
            raise NoAnswer(in_words(error, where)) from error
        finally:
            connection.hang_up()


def in_words(error: BaseException, where: SplitResult) -> str:
    """What happened to the request, as text for the administrator: which server, what it did."""
    host = where.hostname or ""
    place = f"{host}:{where.port or (80 if where.scheme == 'http' else 443)}"
    error = root_of(error)
    match error:
        case ssl.SSLCertVerificationError() as cause:
            return f"the certificate of {host} is not trusted: {cause.verify_message or 'it is not valid'}"
        case ssl.SSLError() as cause:
            return f"{place} did not begin TLS: {(cause.reason or 'unknown reason').replace('_', ' ').lower()}"
        case socket.gaierror():
            return f"the DNS does not know the name {host}, or no name server answers"
        case ConnectionRefusedError():
            return f"nothing listens at {place}: the connection was refused"
        case TimeoutError():
            return f"{place} does not answer in time"
        case ConnectionError():
            return f"{place} closed the connection before the end of the answer"
        case HTTPException():
            return f"{place} did not answer in HTTP"
        case OSError() as cause if cause.strerror:
            return f"no connection to {place}: {cause.strerror.lower()}"
        case _:
            return f"no whole answer of {place} ({type(error).__name__})"


def root_of(error: BaseException) -> BaseException:
    """The error of the system or of TLS behind those that wrap it."""
    known: set[int] = set()
    while id(error) not in known and (behind := error.__cause__ or error.__context__) is not None:
        known.add(id(error))
        error = behind
    return error


def _exchange(
    connection: _Plain, method: str, where: SplitResult, body: bytes | None, headers: HTTPHeaderDict, most: int
) -> Response:
    connection.request(method, _path(where), body=body, headers=headers, preload_content=False, decode_content=False)
    response = connection.getresponse()
    answer = response.read(most)
    if response.length_remaining and len(answer) < most:  # read() with a limit does not report a body that was cut off
        raise NoAnswer(f"the answer ended {response.length_remaining} bytes before its end")
    return Response(
        status=response.status,
        body=answer,
        retry_after=_seconds(response.headers.get("Retry-After", "")),
        location=response.headers.get("Location", ""),
    )


def _fields(headers: Mapping[str, str] | Sequence[tuple[str, str]]) -> HTTPHeaderDict:
    """The header fields; a name may stand several times among pairs."""
    fields = HTTPHeaderDict({"User-Agent": f"mailbridge/{__version__}"})
    fields.extend(headers)
    return fields


class _Plain(HTTPConnection):
    """A connection that another thread can cut at any time.  `sock` of urllib3 is useless for that while TLS is negotiated: the socket
    gives its descriptor away and has none until the handshake is done."""

    _line: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        self._line = sock.dup()
        return sock

    def cut(self) -> None:
        if self._line is not None:
            self._line.shutdown(socket.SHUT_RDWR)

    def hang_up(self) -> None:
        self.close()
        if self._line is not None:
            self._line.close()


class _Secure(_Plain, HTTPSConnection):
    """The same with TLS."""


def _connection(where: SplitResult, seconds: float, ca_file: Path | None) -> _Plain:
    host = where.hostname or ""
    if where.scheme == "http":
        return _Plain(host, where.port, timeout=seconds)
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    return _Secure(host, where.port, timeout=seconds, ssl_context=context)


def _connect(connection: _Plain, where: SplitResult, may_connect: Callable[[str], bool] | None) -> None:
    try:
        connection.connect()
    except (HTTPError, OSError) as error:
        raise NoConnection(in_words(error, where)) from error
    peer = str(connection.sock.getpeername()[0]) if connection.sock is not None else ""
    if may_connect is not None and not may_connect(peer):
        raise NoAnswer(f"{where.hostname} has the address {peer}, {NO_CONNECTION}")


def _path(where: SplitResult) -> str:
    return (where.path or "/") + (f"?{where.query}" if where.query else "")


def _seconds(text: str) -> timedelta | None:
    """Parses Retry-After in seconds (RFC 9110 10.2.3); None for the form with a date."""
    return timedelta(seconds=int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else None
