"""Which addresses of the desk a mail was written to.  Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from mailbridge.message.model import Message

# Where servers write to whom they delivered a mail; none of these is in an RFC but RFC 9228 (Delivered-To).
_DELIVERED = frozenset({"delivered-to", "x-original-to", "envelope-to", "x-envelope-to"})
_LONGEST = 320  # characters of an address


def came_to(message: Message, rcpt_to: Iterable[str], own: Collection[str] | None) -> tuple[str, ...]:
    """The desk's addresses that the mail was written to, in lower case and without +detail, the first one first.

    The order: To, Cc, the recipients of the envelope, the lines in which servers wrote to whom they delivered.  `own`: the desk's addresses
    in lower case; None: not known, every address counts.
    """
    plain = (without_detail(address) for address in _written_to(message, rcpt_to))
    return tuple(dict.fromkeys(address for address in plain if own is None or address in own))


def without_detail(address: str) -> str:
    """The address in lower case, without its +detail (RFC 5233)."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _written_to(message: Message, rcpt_to: Iterable[str]) -> Iterator[str]:
    yield from (address.address for address in message.to)
    yield from (address.address for address in message.cc)
    yield from rcpt_to
    yield from (value.strip(" <>")[:_LONGEST] for name, value in message.headers if name.lower() in _DELIVERED)
