"""A way to a server that can fall silent without closing anything, in one direction or both, at a certain word of the client."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence
from threading import Event, Lock, Thread


class SilentProxy:
    """Passes everything on until it is told otherwise.  What is swallowed is lost; connections stay open."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(None)
        self._lock = Lock()
        self._ends: list[socket.socket] = []
        self._threads: list[Thread] = []
        self._words: tuple[bytes, ...] = ()  # that are said on one connection, one after the other, before it happens
        self._heard: dict[socket.socket, int] = {}  # how many of them, by the client's end
        self._hangs_up = False
        self._asked: frozenset[str] = frozenset()
        self._swallows: frozenset[str] = frozenset()
        self._drips = False
        self._closed = Event()
        self.fell_silent = Event()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def swallow(self, *directions: str, at: Sequence[bytes] = ()) -> None:
        """What goes "to server" or "to client" is lost from now on, or from the moment at which the client has said `at`."""
        with self._lock:
            self._asked, self._words, self._heard = frozenset(directions), tuple(at), {}
            if not at:
                self._fall_silent()

    def hang_up(self, *, at: Sequence[bytes]) -> None:
        """The server gets what the client says, the client no answer: its connection is closed once it has said `at`."""
        with self._lock:
            self._words, self._heard, self._hangs_up = tuple(at), {}, True

    def drip(self) -> None:
        """Answers come a byte a second from now on."""
        self._drips = True

    def heal(self) -> None:
        """Everything is passed on again, also on connections that are open."""
        with self._lock:
            self._words, self._swallows, self._drips, self._hangs_up = (), frozenset(), False, False
        self.fell_silent.clear()

    def start(self) -> None:
        self._start(self._serve)

    def close(self) -> None:
        self._closed.set()
        for one in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(10)

    def _start(self, run: object, *arguments: object) -> None:
        thread = Thread(target=run, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to_port))
                self._ends += [client, server]
                self._start(self._pump, client, server, "to server")
                self._start(self._pump, server, client, "to client")

    def _pump(self, source: socket.socket, target: socket.socket, direction: str) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                if direction == "to server" and self._is_it(source, data):
                    source.shutdown(socket.SHUT_RDWR)  # before the server can answer
                    target.sendall(data)
                    target.shutdown(socket.SHUT_WR)
                    continue
                if direction not in self._swallows:
                    self._send(target, data, direction)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _is_it(self, client: socket.socket, data: bytes) -> bool:
        """Whether the client is cut off now; it may be that silence falls instead."""
        with self._lock:
            heard = self._heard.get(client, 0)
            while heard < len(self._words) and self._words[heard] in data:
                data = data.partition(self._words[heard])[2]
                heard += 1
            self._heard[client] = heard
            if not self._words or heard < len(self._words):
                return False
            self._words = ()
            self._fall_silent()
            hangs_up, self._hangs_up = self._hangs_up, False
            return hangs_up

    def _fall_silent(self) -> None:
        self._swallows = frozenset() if self._hangs_up else self._asked
        self.fell_silent.set()

    def _send(self, target: socket.socket, data: bytes, direction: str) -> None:
        while data and self._drips and direction == "to client" and not self._closed.is_set():
            target.sendall(data[:1])
            data = data[1:]
            self._closed.wait(1)
        target.sendall(data)


@contextlib.contextmanager
def silent_proxy(to_port: int) -> Iterator[SilentProxy]:
    proxy = SilentProxy(to_port)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.close()
