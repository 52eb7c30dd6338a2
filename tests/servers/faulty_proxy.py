"""A way to a server that breaks at a step of the protocol, for every connection that comes to the step, until the server is well again.

The step is a word that the client says, or the first moment of the connection.  What goes wrong is a `Fault`.  A connection that fell
silent stays silent when the server is well again: its other end has forgotten it.
"""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Iterator
from enum import StrEnum
from threading import Event, Lock, Thread

TAIL = 200  # bytes of what was said before that a word may have begun in
TC = 0x02  # RFC 1035 4.1.1: the answer was cut, ask again by TCP


class Fault(StrEnum):
    SILENT = "silent"
    CLOSES = "closes"
    GARBAGE = "garbage"
    DRIPS = "a byte a second"


class FaultyProxy:
    """Passes everything on until `break_at`.  `happened` is set when a connection came to the step."""

    def __init__(self, to_port: int, *, seed: int = 0, host: str = "127.0.0.1") -> None:
        self._to = (host, to_port)
        self._chance = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self._lock = Lock()
        self._ends: set[socket.socket] = set()
        self._fault: Fault | None = None
        self._word, self._passes = b"", True
        self._broken: dict[socket.socket, Fault] = {}  # by the client's end
        self._closed = Event()
        self.well = Event()
        self.well.set()
        self.happened = Event()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def connections(self) -> int:
        """How many are open."""
        with self._lock:
            return len(self._ends) // 2

    def break_at(self, word: bytes, fault: Fault, *, passes: bool = True) -> None:
        """From now on.  b"": as soon as a client is there.  `passes`: the server still gets what holds the word."""
        with self._lock:
            self._word, self._fault, self._passes = word, fault, passes
            self.well.clear()
            self.happened.clear()

    def hang_up(self) -> None:
        """Open connections are cut; the next ones are new."""
        with self._lock:
            ends = list(self._ends)
        _cut(*ends)

    def heal(self) -> None:
        """New connections work, and those that drip go on at full speed."""
        with self._lock:
            self._fault = None
            self.well.set()

    def start(self) -> None:
        Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._closed.set()
        self.well.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            ends = list(self._ends)
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._to)
        except OSError:
            client.close()
            return
        with self._lock:
            self._ends |= {client, server}
        self._breaks(client, b"", at_once=True)
        if self._fault_of(client) is Fault.GARBAGE:
            self._babble(client)
        back = Thread(target=self._to_client, args=(server, client), daemon=True)
        back.start()
        self._to_server(client, server)
        back.join()
        with self._lock:
            self._broken.pop(client, None)
            self._ends -= {client, server}
        client.close()
        server.close()

    def _breaks(self, client: socket.socket, said: bytes, *, at_once: bool = False) -> bool:
        """Whether this is the moment at which the connection breaks."""
        with self._lock:
            if self._fault is None or client in self._broken or not (at_once if not self._word else self._word in said):
                return False
            self._broken[client] = self._fault
        self.happened.set()
        return True

    def _fault_of(self, client: socket.socket) -> Fault | None:
        with self._lock:
            return self._broken.get(client)

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        tail = b""
        with contextlib.suppress(OSError):
            while (fault := self._fault_of(client)) is not Fault.CLOSES and (data := client.recv(65_536)):
                if fault is Fault.SILENT:
                    continue
                if fault is Fault.GARBAGE:
                    self._babble(client)
                    continue
                begins = self._breaks(client, tail + data)
                tail = (tail + data)[-TAIL:]
                if not begins or self._passes:
                    server.sendall(data)
                if begins and self._fault_of(client) is Fault.GARBAGE:
                    self._babble(client)
        _cut(client, server)

    def _to_client(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65_536):
                match self._fault_of(client):
                    case None:
                        client.sendall(data)
                    case Fault.DRIPS:
                        self._drip(client, data)
                    case Fault.CLOSES:
                        break
                    case _:  # the answer is lost
                        continue
            if self._fault_of(client) is Fault.SILENT:
                return  # the server closed; its client does not hear of it
        _cut(client, server)

    def _drip(self, client: socket.socket, data: bytes) -> None:
        while data and not self.well.is_set():
            client.sendall(data[:1])
            data = data[1:]
            self.well.wait(1)
        client.sendall(data)

    def _babble(self, client: socket.socket) -> None:
        """Letters, signs and line ends that mean nothing in any protocol."""
        with contextlib.suppress(OSError):
            client.sendall(self._chance.randbytes(40) + b"\r\n" + self._chance.randbytes(40) + b"\r\n")


class FaultyDatagrams:
    """The same before a server that is asked by datagrams and by connections on one port, as DNS is."""

    def __init__(self, to_port: int, *, seed: int = 0) -> None:
        self.connections = FaultyProxy(to_port, seed=seed)
        self._to = ("127.0.0.1", to_port)
        self._chance = random.Random(seed)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", self.connections.port))
        self._word: bytes | None = None
        self._fault: Fault | None = None  # None: the answer says that it was cut
        self.happened = Event()

    @property
    def port(self) -> int:
        return self.connections.port

    def break_at(self, word: bytes, fault: Fault, *, by_connection: bool = False) -> None:
        """Questions that hold the word are not answered well; `by_connection`: they have to be asked by TCP, and break there."""
        self.happened.clear()
        if by_connection:
            self.connections.break_at(word, fault)
            self.happened = self.connections.happened
        self._word, self._fault = word, None if by_connection else fault

    def heal(self) -> None:
        self._word = None
        self.connections.heal()

    def start(self) -> None:
        self.connections.start()
        Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self.connections.close()
        with contextlib.suppress(OSError):
            self._socket.sendto(b"", self._socket.getsockname())  # the thread looks up
        self._socket.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                question, client = self._socket.recvfrom(4096)
                if not question:
                    return
                Thread(target=self._answer, args=(question, client), daemon=True).start()

    def _answer(self, question: bytes, client: tuple[str, int]) -> None:
        word = self._word
        with contextlib.suppress(OSError):
            if word is not None and word in question:
                if self._fault is None:
                    head = bytearray(question)
                    head[2] |= 0x80 | TC
                    self._socket.sendto(bytes(head), client)
                    return
                self.happened.set()
                if self._fault is Fault.GARBAGE:
                    self._socket.sendto(self._chance.randbytes(60), client)
                return
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
                server.settimeout(5)
                server.sendto(question, self._to)
                self._socket.sendto(server.recv(65_536), client)


def _cut(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def faulty_proxy(to_port: int, *, seed: int = 0) -> Iterator[FaultyProxy]:
    proxy = FaultyProxy(to_port, seed=seed)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.close()
