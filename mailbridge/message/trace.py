"""Received fields (RFC 5321 4.4), parsed strictly: one of them is the end of the trusted part of the header.

The name after `from` is the client's HELO and may hold any text, also ' by mx.example with LMTP'.  A field is plain only where it can be
parsed in one way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

LIMIT = 4096  # bytes; a longer field is not plain
DEPTH = 5

Ip = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

INSIDE: tuple[Network, ...] = tuple(
    ip_network(net)
    for net in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"),
        *("::1", "fc00::/7", "fe80::/10"),
    )
)
_PIECE = re.compile(r"[()]|[^\s()]+")
# Exim writes "(helo=x ident=y)" and qmail "(HELO x)": the client chose what follows, also an address in it.
_SAID = re.compile(r"(?:^|\s)(?:helo|ehlo|ident)[=:\s]", re.IGNORECASE)
_BRACKETED = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.%]{2,60})\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """A plain Received field.  `helo` is the client's HELO, `client` the address that the server saw ('' where it names none)."""

    helo: str
    client: str
    by: str
    protocol: str

    def came_from(self, networks: Sequence[Network]) -> bool:
        """Whether the address that the server saw is in one of `networks`."""
        return within(self.client, networks)


def within(address: str, networks: Sequence[Network]) -> bool:
    """Whether `address` is an IP address in one of `networks`.  An IPv4-mapped IPv6 address counts as IPv4."""
    found = _ip(address)
    return found is not None and any(found in network for network in networks)


def is_address(text: str) -> bool:
    """Whether the text is an IP address."""
    return _ip(text) is not None


def _ip(text: str) -> Ip | None:
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def read_hop(raw: bytes) -> Hop | None:
    """The hop that an unfolded Received field describes, None where the field is not plain."""
    if len(raw) > LIMIT or not raw.isascii() or b'"' in raw or b"\\" in raw:
        return None
    words = _words(raw.decode("ascii"))
    if words is None:
        return None
    clauses = _split(words)
    if clauses is None:
        return None
    source, by, protocol = clauses
    helo = source[0][0].lower() if source else ""
    return Hop(helo=helo, client=_client(source), by=by.rstrip(".").lower(), protocol=protocol.lower())


Word = tuple[str, bool]  # the text, and whether it is a comment


def _words(text: str) -> list[Word] | None:
    """Words and comments in order, up to the semicolon before the date.  None for an unclosed comment."""
    found: list[Word] = []
    depth, comment = 0, list[str]()
    for piece in _PIECE.findall(text):
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth -= 1
            if depth == 0:
                found.append((" ".join(comment), True))
                comment = []
        elif depth:
            comment.append(piece)
        else:
            found.append((piece, False))
        if not 0 <= depth <= DEPTH:
            return None
    return None if depth else found


def _split(words: list[Word]) -> tuple[list[Word], str, str] | None:
    """The words after `from` (with comments), the host after `by`, the protocol after `with`; None for any other order."""
    rest = list(words)
    source: list[Word] = []
    if rest and rest[0] == ("from", False):
        rest.pop(0)
        source = _until(rest, "by")
        # One name and comments: a second word between `from` and `by` comes from the client.
        if not source or source[0][1] or any(not comment for _, comment in source[1:]):
            return None
    if len(rest) < 2 or rest[0] != ("by", False) or rest[1][1]:
        return None
    by = rest[1][0].rstrip(";")
    tail = [text.lower() for text, comment in rest[2:] if not comment]
    before_date = tail[: next((at + 1 for at, text in enumerate(tail) if text.endswith(";")), len(tail))]
    if not _is_tail([text.rstrip(";") for text in before_date]):
        return None
    return source, by, _after(before_date, "with").rstrip(";")


def _until(rest: list[Word], keyword: str) -> list[Word]:
    taken: list[Word] = []
    while rest and rest[0] != (keyword, False):
        taken.append(rest.pop(0))
    return taken


_SIMPLE_CLAUSES = {"via", "id", "for", "tls", "over"}


def _is_tail(words: list[str]) -> bool:
    """Whether the words after `by HOST` are clauses of the grammar: with PROTOCOL (several words in Microsoft's), id X, for <X>."""
    if "by" in words or "from" in words:
        return False
    at = 0
    while at < len(words):
        word = words[at]
        if word == "with":
            at += 2
            while at < len(words) and words[at] not in _SIMPLE_CLAUSES and words[at] != "with":
                at += 1  # "with Microsoft SMTP Server", "with mapi"
            continue
        if word == "via":
            at += 2
            while at < len(words) and words[at] not in _SIMPLE_CLAUSES and words[at] != "with":
                at += 1  # "via Frontend Transport"
            continue
        if word not in _SIMPLE_CLAUSES:
            return not word
        at += 2
    return words.count("with") <= 1


def _after(words: list[str], keyword: str) -> str:
    return next((words[at + 1] for at, word in enumerate(words[:-1]) if word == keyword), "")


def _client(source: list[Word]) -> str:
    """The one IP address in the comments after the client's name; '' where there is none or several, or where the client chose it."""
    comments = [_SAID.split(text, maxsplit=1)[0] for text, comment in source if comment]
    found = {match for text in comments for match in _BRACKETED.findall(text)}
    found = {address for address in found if _ip(address)}
    if not found:
        found = {text for text in comments if _ip(text)}  # Exchange: (2603:10a6::1)
    return found.pop() if len(found) == 1 else ""
