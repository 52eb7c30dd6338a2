"""How a call proves that it is ours: HMAC-SHA256 over its key, the moment and the body, as Standard Webhooks 1.0 writes it.  Pure."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

PREFIX = "whsec_"


def secret_bytes(secret: str) -> bytes:
    """The key: what follows `whsec_` is base64, anything else is taken as it is."""
    if secret.startswith(PREFIX):
        try:
            return b64decode(secret.removeprefix(PREFIX), validate=True)
        except Error:
            pass
    return secret.encode()


def signature(secret: str, key: str, moment: datetime, body: bytes) -> str:
    """`v1,` and the MAC in base64; the moment is part of it, so that an old call cannot be played again."""
    signed = b".".join((key.encode(), str(int(moment.timestamp())).encode(), body))
    return "v1," + b64encode(hmac.new(secret_bytes(secret), signed, sha256).digest()).decode()


def headers(secret: str, key: str, moment: datetime, body: bytes) -> Mapping[str, str]:
    """The header fields of a call."""
    return {
        "Content-Type": "application/json",
        "webhook-id": key,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signature(secret, key, moment, body),
    }
