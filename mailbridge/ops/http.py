"""A small HTTP server for one page.  One thread serves all connections, so that idle connections cost no threads.

A request is read up to its empty line and answered, then the connection is closed.  Limits: `PATIENCE` seconds for the request and as
many for the answer, `A_PEER` connections for each client address, `ALL` connections together, `LONGEST` bytes of a request.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread

from mailbridge.errors import Permanent
from mailbridge.ops import sockets

PATIENCE = 30.0
A_PEER, ALL = 10, 200
LONGEST = 8 << 10
BACKLOG = 128
LAST_ANSWERS = 1.0  # seconds for requests in progress, at the end


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request: the path without its query, and the Accept header."""

    path: str
    accept: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpPage:
    """An answer: status line, content type and body."""

    status: str = "200 OK"
    content_type: str = "text/plain; charset=utf-8"
    body: bytes = b""

    def encoded(self, *, with_body: bool) -> bytes:
        head = (
            f"HTTP/1.1 {self.status}\r\nContent-Type: {self.content_type}\r\nContent-Length: {len(self.body)}\r\n"
            "Connection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n"
        )
        return head.encode() + (self.body if with_body else b"")


BAD = HttpPage(status="400 Bad Request", body=b"This is no request.\n")
NOT_ALLOWED = HttpPage(status="405 Method Not Allowed", body=b"Ask with GET.\n")
TOO_MANY = HttpPage(status="429 Too Many Requests", body=b"Too many connections.\n")


class HttpServer:
    """Serves at host:port, or on the listening sockets that are `given`, until `close`.

    `answer` is called in a thread, one call at a time.  Raises OSError if the port is in use.
    """

    def __init__(
        self, host: str, port: int, answer: Callable[[HttpRequest], HttpPage], *, given: Sequence[socket.socket] = ()
    ) -> None:
        self._answer = answer
        self._peers: Counter[str] = Counter()
        self._one_at_a_time = asyncio.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="metrics", daemon=True)
        try:
            self._servers = self._loop.run_until_complete(self._open(host, port, given))
        except OSError:
            self._loop.close()
            raise
        self.port = int(self._servers[0].sockets[0].getsockname()[1])
        self._thread.start()

    def close(self) -> None:
        """Stops the server: requests in progress get their answer, port and connections are closed."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _open(self, host: str, port: int, given: Sequence[socket.socket]) -> list[asyncio.Server]:
        if not given:
            return [await asyncio.start_server(self._serve, host, port, limit=LONGEST, backlog=BACKLOG)]
        return [await asyncio.start_server(self._serve, sock=one, limit=LONGEST, backlog=sockets.BACKLOG) for one in given]

    async def _end(self) -> None:
        for server in self._servers:
            for one in server.sockets:
                self._loop.remove_reader(one.fileno())
        for _ in range(3):  # an accepted connection is served from the next turn of the loop on
            await asyncio.sleep(0)
        for server in self._servers:
            server.close()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        if rest:
            await asyncio.wait(rest, timeout=LAST_ANSWERS)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = str((writer.get_extra_info("peername") or ("",))[0])
        too_many = self._peers[peer] >= A_PEER or self._peers.total() >= ALL
        self._peers[peer] += 1
        try:
            if too_many:
                writer.write(TOO_MANY.encoded(with_body=True))
            else:
                await self._one(reader, writer)
            await asyncio.wait_for(writer.drain(), PATIENCE)
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the request timed out, was cut off or is too long: no answer
        finally:
            self._peers[peer] -= 1
            self._peers += Counter()  # drops addresses without a connection
            writer.close()
            with suppress(OSError):
                await asyncio.wait_for(writer.wait_closed(), PATIENCE)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        first, *fields = head.decode("latin-1").split("\r\n")
        match first.split(" "):
            case ["GET" | "HEAD" as method, target, version] if version.startswith("HTTP/1."):
                accept = next((value.strip() for name, _, value in (one.partition(":") for one in fields) if name.lower() == "accept"), "")
                async with self._one_at_a_time:
                    page = await asyncio.to_thread(self._answer, HttpRequest(path=target.partition("?")[0], accept=accept))
                writer.write(page.encoded(with_body=method == "GET"))
            case [_, _, version] if version.startswith("HTTP/"):
                writer.write(NOT_ALLOWED.encoded(with_body=True))
            case _:
                writer.write(BAD.encoded(with_body=True))


def serve(table: str, listen: tuple[str, int] | None, name: str, answer: Callable[[HttpRequest], HttpPage]) -> HttpServer:
    """Serves what [table] configures: systemd's socket called `name`, or the port to `listen` on.  Raises Permanent if that cannot be."""
    host, port = listen or ("", 0)
    given = sockets.named(name) if name else ()
    try:
        return HttpServer(host, port, answer, given=given)
    except OSError as error:
        raise Permanent(f"[{table}] listen: {os.strerror(error.errno or 0)}", host=host, port=port) from error
