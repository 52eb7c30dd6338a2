"""uvicorn in a thread, on a port or on the sockets of systemd."""

from __future__ import annotations

import os
import socket
from threading import Event, Thread

import uvicorn

from mailbridge.config.model import WebSettings
from mailbridge.errors import Permanent
from mailbridge.ops import sockets
from mailbridge.web.application import application
from mailbridge.web.visit import Site

_STARTS_WITHIN = 10.0
_LAST_ANSWERS = 5  # seconds for requests in progress, at the end
_ENDS_WITHIN = 8.0
_LONGEST_HEAD = 16 << 10
_CONNECTIONS = 500


class WebServer:
    """Serves the pages until `close`.  Raises Permanent where it cannot listen."""

    def __init__(self, site: Site) -> None:
        self._sockets = _listening(site.settings)
        config = uvicorn.Config(
            application(site),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            http="h11",
            ws="none",
            loop="asyncio",
            limit_concurrency=_CONNECTIONS,
            h11_max_incomplete_event_size=_LONGEST_HEAD,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=_LAST_ANSWERS,
        )
        self._server = uvicorn.Server(config)
        self.port = int(self._sockets[0].getsockname()[1])
        self._thread = Thread(target=self._server.run, args=(self._sockets,), name="web", daemon=True)
        self._thread.start()
        self._wait_until_started()

    def _wait_until_started(self) -> None:
        tick, left = Event(), _STARTS_WITHIN
        while not self._server.started and self._thread.is_alive() and left > 0:
            tick.wait(0.01)  # uvicorn has no event to wait for
            left -= 0.01
        if not self._server.started:
            raise Permanent("the pages did not start; the log says why", port=self.port)

    def close(self) -> None:
        """Stops listening; requests in progress get their answer within some seconds."""
        self._server.should_exit = True
        self._thread.join(_ENDS_WITHIN)


def _listening(settings: WebSettings) -> list[socket.socket]:
    if settings.socket:
        return list(sockets.named(settings.socket))
    host, port = settings.listen or ("127.0.0.1", 0)
    try:
        return [socket.create_server((host, port), family=_family(host), backlog=sockets.BACKLOG)]
    except OSError as error:
        raise Permanent(f"[web] listen: {os.strerror(error.errno or 0)}", host=host, port=port) from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
