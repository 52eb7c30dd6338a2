"""A web server of this machine with TLS that gives calendar feeds, well or badly."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import trustme

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class FeedServer:
    """`answers`: by path how it is answered; else 404.  `asked`: the paths that were asked for."""

    ca_file: Path
    port: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    closing: Event = field(default_factory=Event)

    def url(self, path: str = "/days.ics", host: str = "localhost") -> str:
        return f"https://{host}:{self.port}{path}"

    def drip(self, handler: BaseHTTPRequestHandler) -> None:
        """A byte now and then, for ever."""
        handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
        try:
            while not self.closing.wait(0.05):
                handler.wfile.write(b"X")
                handler.wfile.flush()
        except OSError:
            return


def gives(body: bytes, status: int = 200, *, length: int | None = None, **headers: str) -> Answer:
    """An answer with this body; `length`: what its Content-Length says instead of the truth."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@contextmanager
def feed_server(folder: Path) -> Iterator[FeedServer]:
    authority = trustme.CA()
    feeds = FeedServer(ca_file=folder / "ca.pem")
    authority.cert_pem.write_to_path(feeds.ca_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1", "other.test").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(feeds))
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    feeds.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield feeds
    finally:
        feeds.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(feeds: FeedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            feeds.asked.append(self.path)
            feeds.answers.get(self.path, gives(b"no such page", 404))(self)

        def log_message(self, *_args: Any) -> None:
            """Tests print nothing."""

    return Handler
