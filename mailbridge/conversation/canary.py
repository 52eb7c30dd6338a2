"""A mail that the desk sends to itself to measure its way: what its mark is made of, and where its arrival is noted.  Pure."""

from __future__ import annotations

STATE_KEY = "canary"
KINDS = ("plain", "plus")  # to the desk's address, and to the address with +detail
AUTH_STATE_KEY = "auth-test"  # it stays after the test, for a mail that comes late
AUTH_KINDS = ("auth",)


def canary_key(nonce: str, kind: str) -> str:
    """What the mark of such a mail is made of."""
    return f"canary:{nonce}:{kind}"
