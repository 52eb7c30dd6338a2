"""Reads one mail from standard input, and defines the exit codes for the calling program."""

from __future__ import annotations

from enum import IntEnum
from typing import BinaryIO

from mailbridge.errors import Rejected


class Exit(IntEnum):
    """Exit codes of `mailbridge ingest` (sysexits.h, as Postfix's pipe(8) and Exim use them)."""

    OK = 0
    USAGE = 64
    DATAERR = 65  # permanent: no mail, or too large
    NOINPUT = 66
    SOFTWARE = 70
    IOERR = 74
    TEMPFAIL = 75  # nothing was stored: retry later
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
