"""A mail in bytes as its fields about the mail and its MIME entity: what S/MIME signs and encrypts is the entity (RFC 8551 3.1)."""

from __future__ import annotations

import binascii

_MIME_LINE = 57  # bytes that make a line of 76 characters in base64


def split(raw: bytes) -> tuple[bytes, bytes]:
    """The fields about the mail, and the entity: its Content- fields and its body.  CRLF line ends."""
    head, _, body = raw.partition(b"\r\n\r\n")
    about_mail: list[bytes] = []
    about_content: list[bytes] = []
    for field in _fields(head):
        (about_content if field.lower().startswith(b"content-") else about_mail).append(field)
    return b"".join(about_mail), b"".join((*about_content, b"\r\n", body))


def base64_lines(data: bytes) -> bytes:
    """Base64 in lines of 76 characters, without a line end behind the last one."""
    return b"\r\n".join(binascii.b2a_base64(data[at : at + _MIME_LINE], newline=False) for at in range(0, len(data), _MIME_LINE))


def _fields(head: bytes) -> list[bytes]:
    """The fields with their folded lines, each ending in CRLF."""
    found: list[bytes] = []
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and found:
            found[-1] += line + b"\r\n"
        elif line:
            found.append(line + b"\r\n")
    return found
