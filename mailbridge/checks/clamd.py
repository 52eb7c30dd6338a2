"""clamd: whether a mail contains a known virus.  Uses only the command INSTREAM (clamd(8)): bytes are sent, a name comes back."""

from __future__ import annotations

import socket
import struct
import time
from functools import partial
from pathlib import Path

from mailbridge.checks.scan import NotScanned, ScanFault
from mailbridge.ops.time_limit import within

CHUNK = 64 * 1024
ANSWER = 4096  # bytes; a real one has under a hundred
PIECE = struct.Struct("!I")


class Clamd:
    """A scanner at (host, port) or at a Unix socket.  Thread-safe.  Each mail has its own connection."""

    def __init__(self, place: tuple[str, int] | Path, *, largest: int, seconds: float) -> None:
        """`largest`: bytes, clamd's StreamMaxLength.  Larger mails are not sent, because clamd drops them.  `seconds` limits a scan."""
        self._place, self._largest, self._seconds = place, largest, seconds

    def scan(self, raw: bytes) -> str:
        """The name of the virus in the mail, '' if none was found.  Raises NotScanned."""
        if len(raw) > self._largest:
            raise NotScanned(f"clamd takes {self._largest} bytes, the mail has {len(raw)}", ScanFault.NEVER)
        end = time.monotonic() + self._seconds
        try:
            connection = self._connect()
        except OSError as error:
            raise NotScanned(f"clamd: {_words(error)}", ScanFault.AWAY) from error
        try:
            with connection, within(self._seconds, partial(connection.shutdown, socket.SHUT_RDWR)):
                self._send(connection, raw, end)
                return _name(_answer(connection, end))
        except OSError as error:
            raise NotScanned(f"clamd: {_words(error)}") from error

    def _connect(self) -> socket.socket:
        if isinstance(self._place, tuple):
            return socket.create_connection(self._place, timeout=self._seconds)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(self._seconds)
        try:
            connection.connect(str(self._place))
        except OSError:
            connection.close()
            raise
        return connection

    def _send(self, connection: socket.socket, raw: bytes, end: float) -> None:
        view = memoryview(raw)
        connection.sendall(b"zINSTREAM\0")
        for at in range(0, len(raw), CHUNK):
            _allow(connection, end)
            piece = view[at : at + CHUNK]
            connection.sendall(PIECE.pack(len(piece)))
            connection.sendall(piece)
        connection.sendall(PIECE.pack(0))


def _answer(connection: socket.socket, end: float) -> bytes:
    """The answer up to its final NUL."""
    said = b""
    while not said.endswith(b"\0") and len(said) < ANSWER:
        _allow(connection, end)
        more = connection.recv(ANSWER)
        if not more:
            raise NotScanned("clamd hung up")
        said += more
    return said


def _allow(connection: socket.socket, end: float) -> None:
    """Sets the timeout of the next operation to the time that is left for the mail."""
    left = end - time.monotonic()
    if left <= 0:
        raise NotScanned("clamd did not answer in time")
    connection.settimeout(left)


def _name(said: bytes) -> str:
    """The virus name of 'stream: NAME FOUND', '' for 'stream: OK'.  Raises NotScanned for anything else."""
    text = "".join(c if c.isprintable() else "?" for c in said.rstrip(b"\0").decode("utf-8", "replace"))
    found = text.removeprefix("stream: ")
    if found == "OK":
        return ""
    if found.endswith(" FOUND"):
        return found.removesuffix(" FOUND")[:200]
    raise NotScanned(f"clamd: {text[:200]}", ScanFault.NEVER if "size limit" in text else ScanFault.BROKE)


def _words(error: OSError) -> str:
    return str(error.strerror or error or type(error).__name__)
