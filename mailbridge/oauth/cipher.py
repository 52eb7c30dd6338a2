"""Encryption of stored tokens: AES-256-GCM with the key of [encryption]."""

from __future__ import annotations

import secrets
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mailbridge.errors import Permanent

_VERSION = b"\x01"
_NONCE = 12  # bytes (NIST SP 800-38D 5.2.1.1)


class CannotOpen(Permanent):
    """The text was encrypted with another key, or it was changed."""


class Cipher:
    def __init__(self, key: str) -> None:
        """`key`: at least LEAST_KEY random characters."""
        self._aead = AESGCM(sha256(b"mailbridge oauth " + key.encode()).digest())

    def seal(self, text: str, name: str) -> bytes:
        """Encrypts the text with `name` as associated data: `open` needs the same name."""
        nonce = secrets.token_bytes(_NONCE)
        return _VERSION + nonce + self._aead.encrypt(nonce, text.encode(), name.encode())

    def open(self, sealed: bytes, name: str) -> str:
        """Decrypts what `seal` returned.  Raises CannotOpen."""
        if sealed[:1] != _VERSION:
            raise CannotOpen("stored tokens have an unknown format", oauth=name)
        try:
            return self._aead.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], name.encode()).decode()
        except InvalidTag as error:
            raise CannotOpen("stored tokens were encrypted with another key; restore it, or sign in again", oauth=name) from error
