"""A milter that writes header lines where a test wants them (the sendmail milter protocol, version 6)."""

from __future__ import annotations

import contextlib
import socketserver
import struct
from collections.abc import Iterator, Sequence
from threading import Thread
from typing import ClassVar

_ADDS_HEADERS = 0x01
_ONLY_THE_END = 0x01 | 0x02 | 0x04 | 0x08 | 0x10 | 0x20 | 0x40  # no connect, HELO, MAIL, RCPT, body, headers, end of header


class Milter:
    """`lines` (name, value) go into each mail at `index`, the last one uppermost, as milters that run one after the other do."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.index = 0
        self.lines: Sequence[tuple[str, str]] = ()


class _Session(socketserver.StreamRequestHandler):
    milter: ClassVar[Milter]

    def handle(self) -> None:
        while head := self.rfile.read(4):
            packet = self.rfile.read(struct.unpack(">I", head)[0])
            match packet[:1]:
                case b"O":
                    self._say(b"O" + struct.pack(">III", 6, _ADDS_HEADERS, _ONLY_THE_END))
                case b"E":
                    for name, value in self.milter.lines:
                        self._say(b"i" + struct.pack(">I", self.milter.index) + f"{name}\0{value}\0".encode())
                    self._say(b"a")
                case b"A" | b"D" | b"K":
                    continue
                case b"Q":
                    return
                case _:
                    self._say(b"c")

    def _say(self, packet: bytes) -> None:
        self.wfile.write(struct.pack(">I", len(packet)) + packet)


@contextlib.contextmanager
def running(port: int) -> Iterator[Milter]:
    """It answers on this port until the end."""
    milter = Milter(port)
    session = type("Session", (_Session,), {"milter": milter})
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    with socketserver.ThreadingTCPServer(("127.0.0.1", port), session) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield milter
        finally:
            server.shutdown()
