"""S/MIME: the mail inside an opaque signature (CMS SignedData, RFC 5652 section 5).  The signature is not verified here.

The module reads BER headers itself, because the certificates library verifies and decrypts but does not return signed content.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

CONTENT_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})

_SIGNED = bytes.fromhex("2a864886f70d010702")
_ENVELOPED = frozenset(bytes.fromhex(oid) for oid in ("2a864886f70d010703", "2a864886f70d0109100117"))

_OID = 0x06
_OCTETS = 0x04
_OCTETS_IN_PIECES = 0x24
_SEQUENCE = 0x30
_EXPLICIT_0 = 0xA0
_MOST_PIECES = 100_000


def is_cms(content_type: str, content: bytes) -> bool:
    """Whether this is a signed or encrypted mail: by its type, or by its first bytes where the type is only a byte type."""
    if content_type in CONTENT_TYPES:
        return True
    return content_type.startswith("application/") and any(oid in content[:_BEGINNING] for oid in (_SIGNED, *_ENVELOPED))


_BEGINNING = 40  # bytes that contain the type of a CMS object


class Cms(Enum):
    """The type of a CMS object, as far as it is visible without keys."""

    SIGNED = "signed"
    ENCRYPTED = "encrypted"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class _Element:
    """A BER element; `end` is None where its length is indefinite."""

    tag: int
    start: int
    end: int | None


class _Broken(Exception):
    """The data is not BER, or is truncated."""


def opened(content: bytes) -> tuple[Cms, bytes]:
    """The type of `content`, and the signed bytes (b'' without any inside)."""
    try:
        return _opened(content)
    except _Broken:
        return Cms.OTHER, b""


def _opened(data: bytes) -> tuple[Cms, bytes]:
    # ContentInfo ::= SEQUENCE { contentType OID, content [0] EXPLICIT ANY }
    outer = _element(data, 0, _SEQUENCE)
    kind = _element(data, outer.start, _OID)
    oid = data[kind.start : kind.end]
    if oid in _ENVELOPED:
        return Cms.ENCRYPTED, b""
    if oid != _SIGNED or kind.end is None:
        return Cms.OTHER, b""
    # SignedData ::= SEQUENCE { version, digestAlgorithms, encapContentInfo SEQUENCE { eContentType, eContent [0] OPTIONAL } ... }
    signed = _element(data, _element(data, kind.end, _EXPLICIT_0).start, _SEQUENCE)
    version = _element(data, signed.start)
    algorithms = _element(data, _after(data, version))
    inner = _element(data, _after(data, algorithms), _SEQUENCE)
    inner_kind = _element(data, inner.start, _OID)
    at = _after(data, inner_kind)
    if inner.end is not None and at >= inner.end:
        return Cms.SIGNED, b""
    explicit = _element(data, at)
    return Cms.SIGNED, _octets(data, explicit.start) if explicit.tag == _EXPLICIT_0 else b""


def _element(data: bytes, at: int, wanted: int | None = None) -> _Element:
    if at + 2 > len(data) or (wanted is not None and data[at] != wanted):
        raise _Broken
    tag, size = data[at], data[at + 1]
    start = at + 2
    if size == 0x80:
        return _Element(tag, start, None)
    if size > 0x80:
        digits = size & 0x7F
        if digits > 8 or start + digits > len(data):
            raise _Broken
        size = int.from_bytes(data[start : start + digits], "big")
        start += digits
    # A truncated signature still shows the mail before it.
    return _Element(tag, start, min(start + size, len(data)))


def _after(data: bytes, element: _Element) -> int:
    """The offset of the next element.  Indefinite elements are scanned with a depth counter, without recursion."""
    if element.end is not None:
        return element.end
    at, depth = element.start, 1
    for _ in range(_MOST_PIECES):
        inner = _element(data, at)
        if (inner.tag, inner.end) == (0, inner.start):
            depth -= 1
            at = inner.start
        elif inner.end is None:
            depth += 1
            at = inner.start
        else:
            at = inner.end
        if depth == 0:
            return at
    raise _Broken


def _octets(data: bytes, at: int) -> bytes:
    """An OCTET STRING, in one piece or in many (BER allows both)."""
    whole = _element(data, at)
    if whole.tag == _OCTETS:
        return data[whole.start : whole.end]
    if whole.tag != _OCTETS_IN_PIECES:
        raise _Broken
    end = len(data) if whole.end is None else whole.end
    pieces: list[bytes] = []
    at = whole.start
    while at < end and len(pieces) < _MOST_PIECES:
        piece = _element(data, at)
        if piece.tag != _OCTETS:
            break
        pieces.append(data[piece.start : piece.end])
        at = _after(data, piece)
    return b"".join(pieces)
