"""The id of a mail in logs and commands: a ULID, which everything that the mail causes carries too.  Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
TRACE_ID = re.compile(rf"[0-7][{_DIGITS}]{{25}}")


def new_trace_id(now: datetime, chance: Callable[[int], bytes]) -> str:
    """A new id for a mail and everything that it causes: a ULID of 26 characters, 48 bits of milliseconds and 80 bits of chance.

    Ids sort by the time they were made at.  https://github.com/ulid/spec
    """
    number = int(now.timestamp() * 1000) << 80 | int.from_bytes(chance(10))
    return "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))


def parse_trace_id(text: str) -> str | None:
    """The trace id in `text`, in upper case; None where it is none."""
    found = text.strip().upper()
    return found if TRACE_ID.fullmatch(found) else None
