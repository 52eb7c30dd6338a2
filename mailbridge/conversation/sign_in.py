"""The link and the code of a sign-in mail, derived from a key of the desk: neither the database nor the outbox holds them.

    17-k7qp…   the token in the link of request 17
    042917      the code for another device

Both are HMAC-SHA256 over the number and the moment of the request, so a number that is given out again after a restore gets others.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from collections.abc import Sequence
from datetime import datetime

_TOKEN = re.compile(r"([1-9][0-9]{0,17})-([a-z2-7]{26})", re.ASCII)
_DIGITS = 6


def link_token(key: bytes, number: int, requested_at: datetime) -> str:
    """The token in the link of this request."""
    return f"{number}-{b32encode(_mac(key, 'link', number, requested_at)[:16]).decode().rstrip('=').lower()}"


def code(key: bytes, number: int, requested_at: datetime) -> str:
    """The six digits of this request."""
    return f"{int.from_bytes(_mac(key, 'code', number, requested_at)[:8]) % 10**_DIGITS:0{_DIGITS}}"


def number_in(token: str) -> int | None:
    """The number of the request that the token names, before it is verified."""
    match = _TOKEN.fullmatch(token)
    return int(match[1]) if match else None


def is_token(keys: Sequence[bytes], token: str, number: int, requested_at: datetime) -> bool:
    """Whether the token is that of the request, by any key in use."""
    return any(hmac.compare_digest(link_token(key, number, requested_at), token) for key in keys)


def is_code(keys: Sequence[bytes], typed: str, number: int, requested_at: datetime) -> bool:
    """Whether what was typed is the code of the request; blanks and hyphens between the digits do not matter."""
    digits = re.sub(r"[\s-]", "", typed).encode()
    return any(hmac.compare_digest(code(key, number, requested_at).encode(), digits) for key in keys)


def _mac(key: bytes, what: str, number: int, requested_at: datetime) -> bytes:
    said = f"mailbridge\0sign-in {what}\0{number}\0{int(requested_at.timestamp())}"
    return hmac.digest(key, said.encode(), "sha256")
