"""The Received field that our listener prepends to each mail (RFC 5321 4.4)."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import format_datetime
from ipaddress import ip_address

from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.tree import Field

_MARK = "(mailbridge)"
_NAME = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~@-]{1,320}")


def received(envelope: Envelope, hostname: str, *, tls: bool) -> bytes:
    """The field with its line ends.  The client's HELO is included only where it can be parsed in one way."""
    helo = envelope.helo if _NAME.fullmatch(envelope.helo) and envelope.helo.lower() not in {"by", "from", "with"} else "unknown"
    lines = [
        f"Received: from {helo} ([{_literal(envelope.peer)}])",
        f"by {hostname} {_MARK} with {_protocol(envelope.source, tls=tls)}",
        *([f"for <{envelope.rcpt_to[0]}>"] if len(envelope.rcpt_to) == 1 and _ADDRESS.fullmatch(envelope.rcpt_to[0]) else []),
    ]
    return ("\r\n\t".join(lines) + f"; {_date(envelope.received_at)}\r\n").encode("ascii", "replace")


def is_ours(field: Field) -> bool:
    """Whether our listener may have written this field, the topmost one of a mail that it received."""
    return field.key == "received" and _MARK.encode() in field.raw


def _literal(peer: str) -> str:
    """An address as a literal in brackets (RFC 5321 4.1.3)."""
    try:
        return f"IPv6:{peer}" if ip_address(peer.partition("%")[0]).version == 6 else peer
    except ValueError:
        return "unknown"


def _protocol(source: Source, *, tls: bool) -> str:
    return ("LMTP" if source is Source.LMTP else "ESMTP") + ("S" if tls else "")


def _date(moment: datetime) -> str:
    return format_datetime(moment)
