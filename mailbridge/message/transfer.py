"""Decodes transfer encodings (RFC 2045 section 6), and uuencoded files in a text."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

from mailbridge.message import limits
from mailbridge.message.header_text import lenient_base64

_UU_BEGIN = re.compile(rb"^begin(?:-base64)?[ \t]+[0-7]{3,4}[ \t]+([^\r\n]{1,400})\r?$", re.MULTILINE)
_UU_NAMES = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})


@dataclass(frozen=True, slots=True)
class InlineFile:
    """A uuencoded file and its position in the text."""

    name: bytes
    content: bytes
    start: int
    end: int


def encoding_of(written: str) -> str:
    """The encoding that `written` (lower case) means: its name without extra characters that mailers add."""
    letters = _NOT_A_LETTER.sub("", written)
    return _ENCODINGS.get(letters, written)


_NOT_A_LETTER = re.compile(r"[^a-z0-9]")
_ENCODINGS = {
    "quotedprintable": "quoted-printable",
    "quotedprintible": "quoted-printable",
    "qp": "quoted-printable",
    "base64": "base64",
    "b64": "base64",
    "7bit": "7bit",
    "7bits": "7bit",
    "8bit": "8bit",
    "8bits": "8bit",
    "binary": "binary",
}


def undo(encoding: str, data: bytes, start: int, end: int) -> tuple[bytes, str]:
    """The decoded content of `data[start:end]`, and the defect found ('' for none)."""
    if encoding == "base64":
        return _base64(data, start, end)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data[start:end]), ""
    if encoding in _UU_NAMES:
        return _uu_part(data[start:end])
    if encoding in {"", "7bit", "8bit", "binary"}:
        return data[start:end], ""
    return _by_its_form(data[start:end]), "unknown transfer encoding"


def _by_its_form(content: bytes) -> bytes:
    """The content of a part with an unknown encoding: decoded by its form where that is recognised, else unchanged."""
    if content.isascii() and _ESCAPE.search(content) and not _NO_ESCAPE.search(content):
        return binascii.a2b_qp(content)
    packed = content.strip()
    if len(packed) >= _SHORTEST and _ONLY_BASE64.fullmatch(packed) and len(b"".join(packed.split())) % 4 == 0:
        return lenient_base64(packed)
    return content


_SHORTEST = 24  # bytes; shorter content may look like base64 by chance
_ESCAPE = re.compile(rb"=[0-9A-F]{2}")
_NO_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|[ \t]*$)")
_ONLY_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4,76}\s+)*[A-Za-z0-9+/]{2,76}={0,2}")


def is_not_base64(decoded: bytes, data: bytes, start: int, end: int) -> bool:
    """Whether a text that is declared base64 is not: it decodes to no text, and contains characters outside the base64 alphabet."""
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
    """The uuencoded files of `text`, in order.  What begins like one and does not decode is skipped."""
    found: list[InlineFile] = []
    at = 0
    # Attempts are limited, not finds: each may scan the whole text.
    for _ in range(limits.INLINE_FILES if b"begin" in text else 0):
        begin = _UU_BEGIN.search(text, at)
        if begin is None:
            break
        at = begin.end()
        content, end = _base64_lines(text, at) if begin[0].startswith(b"begin-base64") else _uu_lines(text, at)
        if content is not None:
            found.append(InlineFile(begin[1].strip(), content, begin.start(), end))
            at = end
    return tuple(found)


def _uu_lines(text: bytes, at: int) -> tuple[bytes | None, int]:
    """The content of the lines after `at` up to 'end', and the offset after it.  None if a line is not uuencoded."""
    pieces: list[bytes] = []
    while 0 <= at < len(text):
        at = text.find(b"\n", at) + 1
        stop = text.find(b"\n", at) if at else -1
        line = text[at : stop if stop >= 0 else len(text)].rstrip(b"\r \t") if at else b"."
        if line == b"end":
            return b"".join(pieces), at + 3
        piece = _uu_line(line)
        if piece is None or stop < 0:
            break
        pieces.append(piece)
        at = stop
    return None, at


def _base64_lines(text: bytes, at: int) -> tuple[bytes | None, int]:
    """POSIX uuencode -m: base64 up to a line of four equal signs."""
    end = text.find(b"\n====", at)
    return (lenient_base64(text[at:end]), end + 5) if end >= 0 else (None, at)


def _uu_line(line: bytes) -> bytes | None:
    if not line.strip():
        return b""
    size = (line[0] - 32) & 63
    # Mailers strip trailing spaces and add a checksum after the line; the length octet is correct in both cases.
    wanted = (size + 2) // 3 * 4 + 1
    try:
        return binascii.a2b_uu(line[:wanted].ljust(wanted))
    except binascii.Error:
        return None
