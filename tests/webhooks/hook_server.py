"""A web server of this machine that keeps what it is told, and answers as the path wants it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


@dataclass
class Hooks:
    """What was heard so far.  `answers`: path -> statuses to give, one after the other; then 204."""

    port: int = 0
    heard: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    closing: Event = field(default_factory=Event)

    def url(self, path: str = "/tickets", scheme: str = "http") -> str:
        return f"{scheme}://{'127.0.0.1' if scheme == 'http' else 'localhost'}:{self.port}{path}"


@contextmanager
def hook_server(context: ssl.SSLContext | None = None) -> Iterator[Hooks]:
    hooks = Hooks()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hooks))
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    hooks.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hooks
    finally:
        hooks.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(hooks: Hooks) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hooks.heard.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            waiting = hooks.answers.get(self.path, [])
            status, more = waiting.pop(0) if waiting else (204, {})
            if self.path == "/drips":
                self._drip()
                return
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            with suppress(OSError):  # who called may be gone
                self.end_headers()
                self.wfile.write(b"said\r\nso\r\n" if status >= 400 else b"")

        def _drip(self) -> None:
            """A byte now and then, for ever: no single read takes long."""
            try:
                self.wfile.write(b"HTTP/1.0 200 OK\r\n")
                while not hooks.closing.wait(0.05):
                    self.wfile.write(b"X")
                    self.wfile.flush()
            except OSError:
                return

        def log_message(self, *_args: Any) -> None:
            """Tests print nothing."""

    return Handler
