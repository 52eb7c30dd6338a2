"""IDLE (RFC 2177) on an imapclient connection.

imapclient's idle_check() is not used: it shows a closed connection as no news for ever (its issues 349, 565) and misses an answer that
came together with the continuation (its issues 150, 321).
"""

from __future__ import annotations

import select
import ssl
from collections.abc import Sequence
from typing import Any

from imapclient.exceptions import IMAPClientError

from mailbridge.intake import imap_client

DONE_TIMEOUT = 15.0  # seconds for the answer to DONE: the server has nothing to do for it


def idle(client: Any, seconds: float, interrupt: int) -> Sequence[tuple[Any, ...]]:
    """The untagged answers of one IDLE.  It ends after one of them, after the timeout, or when `interrupt` (a file number) is readable."""
    if not begin_idle(client) and not has_buffered(client):
        poll = select.poll()
        poll.register(client.socket(), select.POLLIN)
        poll.register(interrupt, select.POLLIN)
        poll.poll(seconds * 1000)
    client.socket().settimeout(min(DONE_TIMEOUT, imap_client.READ_TIMEOUT))
    _, responses = client.idle_done()
    client.socket().settimeout(imap_client.READ_TIMEOUT)
    return list(responses)


def begin_idle(client: Any) -> bool:
    """Starts IDLE; True where the server announced something before it."""
    imap = client._imap
    client._idle_tag = tag = imap._command("IDLE")
    told = False
    while imap._get_response() is not None:
        if imap.tagged_commands[tag]:
            raise IMAPClientError("IDLE refused")
        told = True
    return told


def has_buffered(client: Any) -> bool:
    """Whether data was read from the socket that was not processed yet: poll() does not show it."""
    imap, sock = client._imap, client.socket()
    if isinstance(sock, ssl.SSLSocket) and sock.pending():
        return True
    if hasattr(imap, "_readbuf"):  # Python 3.14 has a buffer of its own
        return bool(imap._readbuf)
    sock.settimeout(0)
    try:
        return bool(imap.file.peek(1))
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    finally:
        sock.settimeout(imap_client.READ_TIMEOUT)
