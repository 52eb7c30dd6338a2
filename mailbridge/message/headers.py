"""Header fields of a header block (RFC 5322 2.2).  `header_text` decodes their text, `header_values` reads parameters and IDs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailbridge.message import limits
from mailbridge.message.header_text import decode_value
from mailbridge.message.tree import Field

_FIELD_BREAK = re.compile(rb"\r?\n(?![ \t])")
_BLOCK_END = re.compile(rb"\n\r?\n")
_NAME = re.compile(rb"[\x21-\x39\x3b-\x7e]+[ \t\r\n]*:")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderBlock:
    """The fields of a header block.  `size` is the offset of the body, `block` the bytes before it."""

    fields: tuple[Field, ...]
    size: int
    defects: tuple[str, ...] = ()


def read_block(data: bytes, *, start: int = 0, end: int | None = None, whole: bool = False) -> HeaderBlock:
    """The header fields at `data[start:end]`.  Never raises.  `size` counts from `start`.

    `whole`: this is the header of a mail, not of a part; lines without a field name before its first known field are then junk, not a body.
    """
    stop = len(data) if end is None else end
    head, size = _head(data, start, stop)
    defects = ["header block cut at 1 MB"] if size > limits.HEADER_BYTES else []
    lines = _FIELD_BREAK.split(head) if head else []
    found: list[str] = []
    fields, ends_at = _fields(lines, found)
    if whole and found and (junk := _junk_lines(lines)):
        found = ["lines above the header"]
        fields, ends_at = _fields(lines, found, junk=junk)
    defects += found
    if ends_at is not None:
        size = _offset(head, ends_at)
    return HeaderBlock(fields=fields, size=size, defects=tuple(defects))


def header_block(data: bytes) -> bytes:
    """The raw header block of a mail with its empty line, cut at the limit.  `mail_fields` reads it."""
    if b"\n" not in data and b"\r" in data:
        data = data[: limits.HEADER_BYTES].replace(b"\r", b"\n")
    at = header_at(data)
    return data[at : at + min(_head(data, at, len(data))[1], limits.HEADER_BYTES)]


def mail_fields(header: bytes) -> tuple[Field, ...]:
    """The fields of a mail's header block."""
    return read_block(header, whole=True).fields


def header_at(raw: bytes) -> int:
    """The offset of the header: after empty lines that a transport put above it."""
    if not raw.startswith((b"\n", b"\r")):
        return 0
    at = len(raw[:_MOST_EMPTY]) - len(raw[:_MOST_EMPTY].lstrip(b"\r\n"))
    return at if begins_like_a_mail(raw, at) else 0


_MOST_EMPTY = 100  # bytes of empty lines above a header


def _head(data: bytes, start: int, stop: int) -> tuple[bytes, int]:
    """The header block without its empty line, cut at the limit, and its full size including that line."""
    if data.startswith(b"\r\n", start):
        return b"", 2
    if data.startswith(b"\n", start):
        return b"", 1
    end = _BLOCK_END.search(data, start, stop)
    if end is None:
        return data[start : min(stop, start + limits.HEADER_BYTES)], stop - start
    return data[start : min(end.start(), start + limits.HEADER_BYTES)].removesuffix(b"\r"), end.end() - start


def _offset(head: bytes, line: int) -> int:
    """The offset of logical line number `line`."""
    for count, match in enumerate(_FIELD_BREAK.finditer(head), start=1):
        if count == line:
            return match.end()
    return 0


def _junk_lines(lines: list[bytes]) -> range:
    """The lines that a program wrote above the sender's fields, such as '---- Original message ----'; empty where there are none.

    Trace fields of servers may precede them.
    """
    junk = next((number for number, line in enumerate(lines[:_MOST_ABOVE]) if not _NAME.match(line)), None)
    if junk is None or lines[junk].startswith((b"From ", b">From ")):
        return range(0)
    above, below = lines[:junk], lines[junk + 1 : junk + _MOST_JUNK]
    first = next((junk + 1 + number for number, line in enumerate(below) if _KNOWN.match(line)), 0)
    if not first or any(line[:5].lower() == b"from:" for line in above):
        return range(0)
    # " From: x" is no junk: some programs read it as the sender.
    if any(_LIKE_FROM.match(line) for line in lines[junk:first]):
        return range(0)
    return range(junk, first) if sum(_KNOWN.match(line) is not None for line in lines[first : first + 30]) > 1 else range(0)


_MOST_ABOVE = 50  # trace fields before such a line
_MOST_JUNK = 5
_LIKE_FROM = re.compile(rb"\W*from\W*:", re.IGNORECASE)
# Every mail has some of these fields.
_KNOWN = re.compile(
    rb"(?:from|to|subject|date|message-id|received|return-path|mime-version|delivered-to|reply-to|content-type)[ \t]*:", re.IGNORECASE
)


def begins_like_a_mail(data: bytes, start: int) -> bool:
    """Whether one of the fields that every mail has begins at `start`."""
    return _KNOWN.match(data, start) is not None


def _fields(lines: list[bytes], defects: list[str], *, junk: range = range(0)) -> tuple[tuple[Field, ...], int | None]:
    """The fields of the logical lines without `junk`, and the number of the line where a body without an empty line begins."""
    fields: list[Field] = []
    for number, line in enumerate(lines):
        if number in junk or not line or (number == 0 and line.startswith((b"From ", b">From "))):
            continue
        if len(fields) >= limits.FIELDS:
            defects.append(f"more than {limits.FIELDS} header fields")
            break
        if number == 0 and line[:1] in b" \t":
            # RFC 5322 2.2.3: there is no line to continue.  Some readers take it for a field, so it counts as one.
            defects.append("first header field begins with a space")
            line = line.lstrip()
        if not _NAME.match(line):
            if line.startswith(b"--") or not any(map(_NAME.match, lines[number + 1 : number + 50])):
                defects.append("no empty line between header and body")
                return tuple(fields), number
            defects.append("header line without a field name")
            continue
        fields.append(_field(line, defects))
    return tuple(fields), None


def _field(line: bytes, defects: list[str]) -> Field:
    raw_name, _, raw = line.partition(b":")
    if b"\n" in raw_name:
        defects.append("header field name is folded")
    name = raw_name.strip().decode("ascii")
    if len(raw) > limits.FIELD_BYTES:
        defects.append(f"header field {name[:40]} cut at 64 kB")
        raw = raw[: limits.FIELD_BYTES]
    raw = unfold(raw)
    return Field(name, name.lower(), raw, decode_value(raw))


def unfold(raw: bytes) -> bytes:
    """A field's value on one line (RFC 5322 2.2.3), without outer white space."""
    if b"\n" in raw:
        raw = raw.replace(b"\r\n", b"").replace(b"\n", b"")
    return raw.strip(b" \t\r")


