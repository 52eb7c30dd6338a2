"""Bodies of outgoing mails as MIME parts (RFC 2045, 2046, 2183, 2231), written so that no transport has a reason to change them:
7-bit, lines of at most 76 or 998 octets, CRLF."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from mailbridge.message.model import Attachment

_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")
_CONTENT_ID = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@-]{1,200}")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONGEST_LINE = 998  # RFC 5322 2.1.1
_NAME_BYTES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MimeEntity:
    """One MIME entity: its fields without the closing empty line, and its encoded body ending in CRLF."""

    fields: tuple[tuple[str, str], ...]
    body: bytes

    def encode(self) -> bytes:
        head = "".join(f"{name}: {value}\r\n" for name, value in self.fields)
        return head.encode("ascii") + b"\r\n" + self.body


def text_part(text: str, subtype: str = "plain") -> MimeEntity:
    """Text in UTF-8 with CRLF line ends: as it is where it is ASCII in short lines, else quoted-printable.

    Never base64, which would be shorter for most scripts but Latin: spam filters count it against a mail (rspamd, MIME_BASE64_TEXT).
    """
    plain = _CONTROLS.sub("", text).replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"
    data = plain.replace("\n", "\r\n").encode("utf-8", "replace")
    kind = ("Content-Type", f'text/{subtype}; charset="utf-8"')
    # "=_" stands in every boundary of ours and in no quoted-printable or base64 text.
    if data.isascii() and b"=_" not in data and max(map(len, data.split(b"\r\n"))) <= _LONGEST_LINE:
        return MimeEntity(fields=(kind, ("Content-Transfer-Encoding", "7bit")), body=data)
    printable = binascii.b2a_qp(data, istext=True)
    return MimeEntity(fields=(kind, ("Content-Transfer-Encoding", "quoted-printable")), body=printable)


def calendar_part(content: bytes, method: str) -> MimeEntity:
    """An invitation beside the text that says the same (RFC 6047, 2.4); base64, for its lines are not ours to fold again."""
    kind = ("Content-Type", f'text/calendar; charset="utf-8"; method={method}')
    return MimeEntity(fields=(kind, ("Content-Transfer-Encoding", "base64")), body=_base64(content))


def file_part(attachment: Attachment) -> MimeEntity:
    """An attachment, base64.  A message is sent as a plain file: RFC 2046 5.2.1 allows no base64 for message/rfc822."""
    kind = attachment.content_type.lower()
    if not _TYPE.fullmatch(kind) or kind.startswith(("message/", "multipart/")):
        kind = "application/octet-stream"
    inline = attachment.disposition == "inline"
    fields = [
        ("Content-Type", kind),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", f"{'inline' if inline else 'attachment'}{_file_name(attachment.name)}"),
    ]
    if _CONTENT_ID.fullmatch(attachment.content_id):
        fields.append(("Content-ID", f"<{attachment.content_id}>"))
    return MimeEntity(fields=tuple(fields), body=_base64(attachment.content))


def text_file_part(name: str, text: str) -> MimeEntity:
    """A plain text as a file: base64, so that every character comes out as it went in, control characters and line ends too."""
    fields = (
        ("Content-Type", f'text/{"csv" if name.endswith(".csv") else "plain"}; charset="utf-8"'),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", f"attachment{_file_name(name)}"),
    )
    return MimeEntity(fields=fields, body=_base64(text.encode("utf-8", "replace")))


def multipart(subtype: str, parts: Sequence[MimeEntity], boundary: str) -> MimeEntity:
    """The parts as one; a single part stays alone."""
    if len(parts) == 1:
        return parts[0]
    mark = boundary.encode("ascii")
    body = b"".join(b"--" + mark + b"\r\n" + part.encode() + b"\r\n" for part in parts) + b"--" + mark + b"--\r\n"
    return MimeEntity(fields=(("Content-Type", f'multipart/{subtype};\r\n boundary="{boundary}"'),), body=body)


def _base64(data: bytes) -> bytes:
    """Lines of 76 letters (RFC 2045 6.8)."""
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def _file_name(name: str) -> str:
    """The filename parameter: quoted where it is plain ASCII, else in UTF-8 (RFC 2231); cut where it is long, the ending kept."""
    safe = "".join(char for char in name if char.isprintable() and char not in "/\\").strip()
    if not safe:
        return ""
    stem, dot, ending = safe.rpartition(".")
    while len(safe.encode("utf-8", "replace")) > _NAME_BYTES:
        stem, ending = (stem[:-1], ending) if stem else ("", ending[:-1])
        safe = f"{stem}{dot}{ending}" if stem else ending
    if safe.isascii() and '"' not in safe:
        return f';\r\n filename="{safe}"'
    return f";\r\n filename*=utf-8''{quote(safe, safe='')}"
