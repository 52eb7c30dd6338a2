"""imapclient over a connection that another thread can cut, with limits on time and on what a server may announce."""

from __future__ import annotations

import imaplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError

from mailbridge.config.model import Mailbox, Tls

CONNECT_TIMEOUT = 15.0
READ_TIMEOUT = 45.0  # seconds for each read
KEEPALIVE = 60  # seconds of silence before a TCP keepalive
SLACK = 64 << 10  # bytes by which a literal may exceed the largest mail


class Line:
    """The TCP connection of a client, which any thread may cut at any moment, while TLS is negotiated too.

    It is a duplicate of the descriptor: the socket itself gives its descriptor away when TLS begins, and may be closed and reused.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._held: socket.socket | None = None
        self._ended = False

    def opened(self, sock: socket.socket) -> None:
        """The connection is this one now.  Raises ConnectionAbortedError after `end`."""
        with self._lock:
            if self._ended:
                sock.close()
                raise ConnectionAbortedError("mailbridge stops")
            if self._held is not None:
                self._held.close()
            self._held = sock.dup()

    def cut(self) -> None:
        """Makes pending reads and writes of the connection fail; nothing where there is none."""
        with self._lock, suppress(OSError):
            if self._held is not None:
                self._held.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """Cuts the connection, and every later one at once."""
        self._ended = True
        self.cut()

    def close(self) -> None:
        """Gives the descriptor back; a later connection may be opened."""
        with self._lock:
            if self._held is not None:
                self._held.close()
                self._held = None


class _Imap(imaplib.IMAP4):
    """imaplib's connection on a `Line`, with TLS from the first byte where there is a context."""

    def __init__(self, mailbox: Mailbox, line: Line, context: ssl.SSLContext | None) -> None:
        self._line, self._context = line, context
        super().__init__(mailbox.host, mailbox.port)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        sock = socket.create_connection((self.host, self.port), CONNECT_TIMEOUT)
        self._line.opened(sock)
        return self._context.wrap_socket(sock, server_hostname=self.host) if self._context else sock


class _Client(IMAPClient):  # type: ignore[misc]  # imapclient has no types
    def __init__(self, mailbox: Mailbox, line: Line, context: ssl.SSLContext | None) -> None:
        self._way = mailbox, line, context
        timeout = SocketTimeout(connect=CONNECT_TIMEOUT, read=READ_TIMEOUT)
        super().__init__(mailbox.host, mailbox.port, ssl=context is not None, ssl_context=context, timeout=timeout)

    def _create_IMAP4(self) -> imaplib.IMAP4:
        return _Imap(*self._way)


def connected(mailbox: Mailbox, line: Line) -> Any:
    """A client before login.  A failed upgrade to TLS is an error, never a plain connection (RFC 8314 3)."""
    if mailbox.tls is Tls.NONE:
        return _Client(mailbox, line, None)
    context = ssl.create_default_context(cafile=str(mailbox.ca_file) if mailbox.ca_file else None)
    if mailbox.tls is Tls.IMPLICIT:
        return _Client(mailbox, line, context)
    client = _Client(mailbox, line, None)
    try:
        client.starttls(context)
    except BaseException:
        with suppress(OSError):
            client.shutdown()
        raise
    client._set_read_timeout()
    return client


def prepare(client: Any, largest: int) -> None:
    """Sets what holds for the whole connection.  `largest`: bytes a mail may have."""
    client._imap.debug = 0  # imapclient sets 5, and imaplib then writes out every literal, logged or not
    client.socket().setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE)
    client._imap.read = _bounded(client._imap.read, largest + SLACK)


def _bounded(read: Callable[[int], bytes], most: int) -> Callable[[int], bytes]:
    """A `read` that refuses unrequested literals: imaplib allocates what a server announces, up to four gigabytes."""

    def read_bounded(size: int) -> bytes:
        if size > most:
            raise IMAPClientAbortError(f"a literal of {size} bytes was announced")
        return read(size)

    return read_bounded
