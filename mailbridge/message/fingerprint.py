"""A hash that is equal for copies of one mail, regardless of the fields that servers added in transit."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from mailbridge.message.tree import Field, Tree

# Fields that servers add, change or reorder in transit.  The sender wrote all others.
_TRACE = frozenset(
    {
        "received", "return-path", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-envelope-from", "delivery-date",
        "authentication-results", "dkim-signature", "domainkey-signature", "received-spf", "x-received", "x-delivered-to",
        "x-uidl", "x-uid", "status", "x-status", "x-keywords", "x-mozilla-status", "x-mozilla-status2", "lines", "content-length",
        "x-sieve", "x-google-dkim-signature", "x-gm-message-state", "x-google-smtp-source", "x-resolved-to", "apparently-to",
        "x-loop", "x-rcpt-to", "x-apparently-to", "x-originating-ip", "x-forefront-antispam-report", "x-mailman-version",
    }
)  # fmt: skip
_TRACE_PREFIXES = (
    "arc-", "x-arc-", "x-spam", "x-virus", "x-rspamd", "x-antivirus", "x-ms-exchange-", "x-microsoft-antispam", "x-amavis", "x-dspam",
    "x-mailbridge-", "x-barracuda", "x-proofpoint", "x-ironport", "x-getmail", "x-fetchmail", "x-authentication",
)  # fmt: skip

_CHUNK = 1 << 20


def fingerprint(raw: bytes, tree: Tree) -> str:
    """A SHA-256 in hex, equal for two copies of one mail, different for two mails that only share a Message-ID.

    With a Message-ID it covers that, From, Subject and the body.  Without one it covers all fields but the trace fields, and the body.
    White space and line ends do not count, because servers change them.
    """
    digest = sha256()
    for part in _identity(tree):
        digest.update(part)
        digest.update(b"\0")
    for chunk in _lines_normalised(raw, tree.body_at):
        digest.update(chunk)
    return digest.hexdigest()


def _identity(tree: Tree) -> Iterator[bytes]:
    first = {field.key: field for field in reversed(tree.headers)}
    if "message-id" in first and first["message-id"].raw:
        yield from (_told(first[key]) for key in ("message-id", "from", "subject") if key in first)
    else:
        yield from sorted(_told(field) for field in tree.headers if not _is_trace(field.key))


def _told(field: Field) -> bytes:
    return field.key.encode() + b":" + b" ".join(field.raw.split())


def _is_trace(key: str) -> bool:
    return key in _TRACE or key.startswith(_TRACE_PREFIXES)


def _lines_normalised(raw: bytes, start: int) -> Iterator[bytes]:
    """The body without carriage returns and trailing empty lines, in pieces, so that a large body is never copied whole."""
    end = _end(raw, start)
    for at in range(start, end, _CHUNK):
        yield raw[at : min(at + _CHUNK, end)].replace(b"\r", b"")


def _end(raw: bytes, start: int) -> int:
    """The offset of the empty lines at the end of the body."""
    end = len(raw)
    while end > start:
        piece = raw[max(start, end - _CHUNK) : end]
        kept = len(piece.rstrip(b"\r\n"))
        end -= len(piece) - kept
        if kept:
            break
    return end
