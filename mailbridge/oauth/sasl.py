"""The client side of SASL XOAUTH2 and OAUTHBEARER (RFC 7628), and the server's error messages.

A server that refuses first sends its reason as a challenge.  The client must answer it with an empty line or a single ^A, never with the
token again (RFC 7628 3.2.3).
"""

from __future__ import annotations

import json
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Collection

from mailbridge.oauth.model import AccessToken

XOAUTH2 = "XOAUTH2"
OAUTHBEARER = "OAUTHBEARER"
_SHOWN = 300


class Exchange:
    """One authentication.  Call it with each challenge.  `reason`: the server's reason for a refusal, '' if it gave none."""

    def __init__(self, mechanism: str, user: str, token: AccessToken, host: str, port: int) -> None:
        self.mechanism = mechanism
        self.reason = ""
        self._first = _first(mechanism, user, token, host, port)
        self._begun = False

    def __call__(self, challenge: bytes | None) -> bytes:
        if not self._begun:
            self._begun = True
            return self._first
        self.reason = explained(challenge or b"")
        return b"" if self.mechanism == XOAUTH2 else b"\x01"


def mechanism(offered: Collection[str]) -> str | None:
    """The mechanism to use of those that a server offers; None if it offers neither."""
    names = {name.upper() for name in offered}
    return next((name for name in (XOAUTH2, OAUTHBEARER) if name in names), None)


def _first(mechanism: str, user: str, token: AccessToken, host: str, port: int) -> bytes:
    if mechanism == XOAUTH2:
        return f"user={user}\x01auth=Bearer {token.value}\x01\x01".encode()
    name = user.replace("=", "=3D").replace(",", "=2C")  # RFC 5801 4: saslname
    return f"n,a={name},\x01host={host}\x01port={port}\x01auth=Bearer {token.value}\x01\x01".encode()


def explained(challenge: bytes) -> str:
    """The error in a challenge: JSON with status, scope and schemes, in base64 if the protocol has not decoded it yet."""
    for text in (challenge, _decoded(challenge)):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            keys = ("status", "error", "error_description", "scope")
            words = [f"{key} {found[key]}" for key in keys if isinstance(found.get(key), str | int)]
            return _plain("; ".join(words))
    return _plain(challenge.decode("utf-8", "replace"))


def _decoded(text: bytes) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (NotBase64, ValueError):
        return b""


def _plain(text: str) -> str:
    return "".join(char for char in text if char.isprintable())[:_SHOWN]
