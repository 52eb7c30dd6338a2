"""The mark on each mail of ours by which we know it when it comes back (X-Mailbridge-Loop).  Pure.

    X-Mailbridge-Loop: x3f9….q2lm…

Left a nonce that is made from the promise's key, right an HMAC-SHA256 over it, cut to 128 bits.  It holds no address: anybody can write
an address, nobody else can write the MAC.
"""

from __future__ import annotations

import hmac
from base64 import b32encode
from hashlib import sha256

from mailbridge.conversation.tokens import Signer

_MAC_BYTES = 16


def loop_mark(signer: Signer, key: str) -> str:
    """The mark of the mail that was promised under `key`; the same key gives the same mark while the signing key lives."""
    nonce = _letters(sha256(f"loop:{key}".encode()).digest()[:8])
    return f"{nonce}.{_mac(signer.keys[0], nonce)}"


def is_our_mark(signer: Signer, mark: str) -> bool:
    """Whether this desk made the mark, with a key that is still live."""
    nonce, _, mac = mark.partition(".")
    return bool(nonce) and any(hmac.compare_digest(_mac(key, nonce).encode(), mac.encode()) for key in signer.keys)


def is_mark_of(signer: Signer, mark: str, key: str) -> bool:
    """Whether it is the mark of the very mail that was promised under `key`."""
    return mark.partition(".")[0] == loop_mark(signer, key).partition(".")[0] and is_our_mark(signer, mark)


def _mac(key: bytes, nonce: str) -> str:
    return _letters(hmac.digest(key, f"mailbridge\0loop\0{nonce}".encode("utf-8", "surrogatepass"), "sha256")[:_MAC_BYTES])


def _letters(data: bytes) -> str:
    return b32encode(data).decode().rstrip("=").lower()
