"""A client that says exactly the bytes it is told to, for what smtplib is too polite to do."""

from __future__ import annotations

import os
import select
import socket
import ssl
from types import TracebackType
from typing import Self

# tests/install/test_packages_are_used.py shortens it, where a listener that does not speak is what it waits for.
PATIENCE = float(os.environ.get("TESTS_WIRE_PATIENCE", "20"))  # seconds


class Wire:
    """A connection to a line protocol on the loopback interface; `greeting` is the first answer."""

    def __init__(self, port: int, *, timeout: float = PATIENCE) -> None:
        self._socket: socket.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._stream = self._socket.makefile("rb")
        self.greeting = self.answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def answer(self) -> str:
        """The next answer, lines joined by a newline; '' when the other side has closed."""
        lines = []
        while line := self._stream.readline().decode().rstrip("\r\n"):
            lines.append(line)
            if line[3:4] != "-":
                break
        return "\n".join(lines)

    def say(self, line: str | bytes) -> str:
        """The answer to one command."""
        self.send((line.encode(errors="surrogateescape") if isinstance(line, str) else line) + b"\r\n")
        return self.answer()

    def is_quiet(self, seconds: float = 0.05) -> bool:
        """True when nothing comes for that long."""
        return not select.select([self._socket], [], [], seconds)[0]

    def upgrade(self, context: ssl.SSLContext) -> None:
        """The rest of the talk is encrypted."""
        self._stream.close()
        self._socket = context.wrap_socket(self._socket, server_hostname="localhost")
        self._stream = self._socket.makefile("rb")

    def close(self) -> None:
        self._stream.close()
        self._socket.close()
