"""The addresses of an SMTP envelope: read strictly, matched against the desk's own (RFC 5321 4.1.2, RFC 6531 3.3).  Pure."""

from __future__ import annotations

import re

NULL_SENDER = "<>"
LONGEST = 254  # RFC 5321 4.5.3.1.3, as corrected by erratum 1690: a path of 256 holds an address of 254

# Printable, no blank, no special, no control of C0 or C1, no lone surrogate (bytes that were no UTF-8).
_ATOM = r'[^\s\x00-\x20\x7f-\xa0\ud800-\udfff"<>()\[\]\\,:;@]'
_QUOTED = r'"(?:[^\x00-\x1f\x7f-\x9f\ud800-\udfff"\\]|\\[\x20-\x7e])*"'
_LITERAL = r"\[[A-Za-z0-9.:_-]+\]"
_ADDRESS = rf"(?:{_ATOM}+|{_QUOTED})(?:@(?:{_ATOM}+|{_LITERAL}))?"
_ROUTE = rf"(?:@{_ATOM}+(?:,@{_ATOM}+)*:)?"  # RFC 5321 4.1.1.3: accepted and ignored
_PATH = re.compile(rf"(?:<{_ROUTE}(?P<inside>{_ADDRESS})>|(?P<null><>)|(?P<bare>{_ADDRESS}))(?:\s+(?P<parameters>.*))?", re.DOTALL)


def read_path(text: str) -> tuple[str, str] | None:
    """(address, parameters) of what follows MAIL FROM: or RCPT TO:; the null path is '<>'; None when it is malformed.

    Printers and scanners leave the angle brackets out; that is read too.
    """
    match = _PATH.fullmatch(text.strip())
    if match is None:
        return None
    address = match["null"] or match["inside"] or match["bare"]
    if len(address.encode()) > LONGEST:
        return None
    return address, match["parameters"] or ""


def without_detail(address: str) -> str:
    """`support+mb.42.abc@example.org` is `support@example.org` (RFC 5233 1: the part behind '+' is the detail)."""
    local, at, domain = address.rpartition("@")
    return local.partition("+")[0] + at + domain


def printable(text: str, limit: int = 255) -> str:
    """`text` with '?' for everything that is unsafe in a log, a terminal or a database, at most `limit` characters."""
    if text.isprintable():
        return text[:limit]
    return "".join(character if character.isprintable() else "?" for character in text[:limit])
