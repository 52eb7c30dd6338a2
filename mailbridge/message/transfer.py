"""Transfer encodings undone (RFC 2045 section 6), and files that were uuencoded into a text before there was MIME."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

from mailbridge.message import limits
from mailbridge.message.headers import lenient_base64

_UU_BEGIN = re.compile(rb"^begin(?:-base64)?[ \t]+[0-7]{3,4}[ \t]+([^\r\n]{1,400})\r?$", re.MULTILINE)
_UU_END = re.compile(rb"^end[ \t]*\r?$", re.MULTILINE)
_UU_NAMES = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})


@dataclass(frozen=True, slots=True)
class InlineFile:
    """A uuencoded file found in a text, and where in the text it stood."""

    name: bytes
    content: bytes
    start: int
    end: int


def undo(encoding: str, data: bytes, start: int, end: int) -> tuple[bytes, str]:
    """The content of `data[start:end]` without its transfer encoding, and what was wrong with it ('' for nothing)."""
    if encoding == "base64":
        return _base64(data, start, end)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data[start:end]), ""
    if encoding in _UU_NAMES:
        return _uu_part(data[start:end])
    known = encoding in {"", "7bit", "8bit", "binary"}
    return data[start:end], "" if known else "unknown transfer encoding"


def is_not_base64(decoded: bytes, data: bytes, start: int, end: int) -> bool:
    """Whether a text that is called base64 is none: what it decodes to is no text, and it has other letters than base64 has."""
    return bool(_NO_TEXT.search(decoded, 0, 300)) and bool(_NO_BASE64.search(data, start, min(start + 400, end)))


_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s]")


def _base64(data: bytes, start: int, end: int) -> tuple[bytes, str]:
    # A view, so that a large attachment is not copied before it is decoded.
    with memoryview(data)[start:end] as view:
        try:
            return binascii.a2b_base64(view), ""
        except binascii.Error:
            return lenient_base64(view), "broken base64"


def _uu_part(content: bytes) -> tuple[bytes, str]:
    files = inline_files(content)
    return (files[0].content, "") if files else (content, "broken uuencode")


def inline_files(text: bytes) -> tuple[InlineFile, ...]:
    """The uuencoded files of `text`, in order.  What begins like one and does not decode is left alone."""
    found: list[InlineFile] = []
    at = 0
    while b"begin" in text and len(found) < limits.INLINE_FILES:
        begin = _UU_BEGIN.search(text, at)
        end = _UU_END.search(text, begin.end()) if begin else None
        if not begin or not end:
            break
        content = _uu_lines(text[begin.end() + 1 : end.start()], in_base64=b"begin-base64" in begin[0])
        at = begin.end()
        if content is not None:
            found.append(InlineFile(begin[1].strip(), content, begin.start(), end.end()))
            at = end.end()
    return tuple(found)


def _uu_lines(block: bytes, *, in_base64: bool) -> bytes | None:
    if in_base64:
        return lenient_base64(block)
    pieces: list[bytes] = []
    for line in block.splitlines():
        piece = _uu_line(line)
        if piece is None:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _uu_line(line: bytes) -> bytes | None:
    if not line.strip():
        return b""
    size = (line[0] - 32) & 63
    # Mailers strip the spaces at the end of a line and add a checksum after it; both leave the length right.
    wanted = (size + 2) // 3 * 4 + 1
    try:
        return binascii.a2b_uu(line[:wanted].ljust(wanted))
    except binascii.Error:
        return None
