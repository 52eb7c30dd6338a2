"""One POST with a limit on everything: time, what is read of the answer, where it may go.  The only importer of urllib3.

A redirect is not followed: it would carry a signed body to a host that nobody allowed.  Proxies of the environment are not used.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event, Timer
from urllib.parse import SplitResult

from urllib3.connection import HTTPConnection, HTTPException, HTTPSConnection
from urllib3.exceptions import HTTPError

from mailbridge import __version__
from mailbridge.webhooks.allowed import allowed

ANSWER = 2_048  # bytes of an answer that are read
SHOWN = 500  # characters of it that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back.  `status` None: nothing that is HTTP, and `text` says why."""

    status: int | None
    text: str = ""
    retry_after: timedelta | None = None


class Caller:
    """Makes calls, each on a connection of its own; any number of threads may use it."""

    def __init__(self, hosts: Collection[str], *, time_limit: timedelta, ca_file: Path | None = None) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._seconds = time_limit.total_seconds()
        self._ca_file = ca_file

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer.  Raises NotAllowed; whatever else goes wrong is an Answer without a status."""
        return self._call("POST", url, body, headers)

    def get(self, url: str) -> Answer:
        """The answer to a GET, as to a POST."""
        return self._call("GET", url, None, {})

    def _call(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        where = allowed(url, self._hosts)
        connection = self._connection(where)
        # A server that sends a byte a second would keep every single read within its limit; the timer ends the whole.
        late = Event()
        timer = Timer(self._seconds, _cut, (connection, late))
        timer.daemon = True
        timer.start()
        try:
            connection.request(
                method, _path(where), body=body, headers={"User-Agent": f"mailbridge/{__version__}", **headers},
                preload_content=False, decode_content=False,
            )  # fmt: skip
            response = connection.getresponse()
            text = response.read(ANSWER).decode("utf-8", "replace")
            if late.is_set():  # a header that was cut off looks like one that ended
                raise TimeoutError
            return Answer(status=response.status, text=_line(text), retry_after=_seconds(response.headers.get("Retry-After", "")))
        except (HTTPError, HTTPException, OSError, ValueError) as error:  # HTTPException: what came is no HTTP
            why = f"no whole answer within {self._seconds:g} s" if late.is_set() else f"{type(error).__name__}: {error}"
            return Answer(status=None, text=_line(why))
        finally:
            timer.cancel()
            connection.close()

    def _connection(self, where: SplitResult) -> HTTPConnection:
        host, timeout = where.hostname or "", self._seconds
        if where.scheme == "http":
            return HTTPConnection(host, where.port, timeout=timeout)
        context = ssl.create_default_context(cafile=str(self._ca_file) if self._ca_file else None)
        return HTTPSConnection(host, where.port, timeout=timeout, ssl_context=context)


def _path(where: SplitResult) -> str:
    return (where.path or "/") + (f"?{where.query}" if where.query else "")


def _cut(connection: HTTPConnection, late: Event) -> None:
    late.set()
    if connection.sock is not None:
        with suppress(OSError):  # closed in the same moment
            connection.sock.shutdown(socket.SHUT_RDWR)


def _line(text: str) -> str:
    return " ".join(text.split())[:SHOWN]


def _seconds(text: str) -> timedelta | None:
    """RFC 9110 10.2.3, the form in seconds; a date is not worth a second clock."""
    return timedelta(seconds=int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else None
