"""The cookies of the pages.

With https each has the prefix __Host-, so no other host and no plain connection can set it (RFC 6265bis, 4.1.3.2).  On this machine by http
browsers refuse the prefix, and the names have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from mailbridge.web.answer import Cookie

SESSION, NONCE, REQUEST = "session", "nonce", "sign-in"


def name(short: str, *, secure: bool) -> str:
    return f"__Host-mailbridge-{short}" if secure else f"mailbridge-{short}"


def value(cookies: Mapping[str, str], short: str, *, secure: bool) -> str:
    """The value that the browser sent; '' where it sent none."""
    return cookies.get(name(short, secure=secure), "")


def header(cookie: Cookie, *, secure: bool) -> str:
    """The Set-Cookie line."""
    parts = [f"{name(cookie.name, secure=secure)}={cookie.value}", "Path=/", "HttpOnly", "SameSite=Lax"]
    if secure:
        parts.append("Secure")
    if not cookie.value:
        parts.append("Max-Age=0")
    elif cookie.seconds is not None:
        parts.append(f"Max-Age={cookie.seconds}")
    return "; ".join(parts)


def parsed(line: str) -> dict[str, str]:
    """Names and values of a Cookie line.  Of two with one name the first counts, as RFC 6265 5.4 sorts them."""
    found = dict[str, str]()
    for part in line.split(";"):
        key, equals, said = part.strip().partition("=")
        if equals:
            found.setdefault(key, said)
    return found


def hashed(secret: str) -> str:
    """As the store knows a secret."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
