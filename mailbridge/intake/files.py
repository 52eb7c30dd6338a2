"""The one mail on standard input, and what the program that brought it is told."""

from __future__ import annotations

from enum import IntEnum
from typing import BinaryIO

from mailbridge.errors import Rejected


class Exit(IntEnum):
    """What `mailbridge ingest` tells the program that runs it (sysexits.h, the words of Postfix's pipe and of Exim)."""

    OK = 0
    USAGE = 64
    DATAERR = 65  # never to be sent again: it is no mail, or too large
    NOINPUT = 66
    SOFTWARE = 70
    IOERR = 74
    TEMPFAIL = 75  # nothing was kept: ask again later
    NOPERM = 77
    CONFIG = 78


def read_pipe(stream: BinaryIO, limit: int) -> bytes:
    """The one mail on `stream`, without the `From ` line that a delivering program may put in front.

    Raises Rejected when it is empty or larger than `limit` bytes.
    """
    raw = stream.read(limit + 1)
    if len(raw) > limit:
        raise Rejected(f"the mail is larger than {limit} bytes")
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    if not raw.strip():
        raise Rejected("there is no mail on the input")
    return raw
