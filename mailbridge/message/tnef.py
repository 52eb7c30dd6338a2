"""winmail.dat, Outlook's own format (MS-OXTNEF), read within limits.  Reading stops at truncated or broken data and never raises."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailbridge.message import charsets, limits, rtf

SIGNATURE = b"\x78\x9f\x3e\x22"
CONTENT_TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})

# Attributes of the stream.
_BODY = 0x2800C
_CODE_PAGE = 0x69007
_MESSAGE_PROPERTIES = 0x69003
_ATTACHMENT_BEGINS = 0x69002
_ATTACHMENT_TITLE = 0x18010
_ATTACHMENT_DATA = 0x6800F
_ATTACHMENT_PROPERTIES = 0x69005

# MAPI properties.
_P_BODY = 0x1000
_P_HTML = 0x1013
_P_RTF = 0x1009
_P_DATA = 0x3701
_P_FILE_NAME = 0x3704
_P_LONG_FILE_NAME = 0x3707
_P_DISPLAY_NAME = 0x3001
_P_MIME_TYPE = 0x370E
_P_CONTENT_ID = 0x3712
_P_CODE_PAGE = 0x3FDE

# Property types.  0x1000 added to one makes it multi-valued.
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_COUNTED = frozenset({0x0D, 0x1E, 0x1F, 0x102})
_UNICODE = 0x1F
_MANY = 0x1000


Property = tuple[int, int, bytes]


@dataclass(slots=True, kw_only=True)
class TnefFile:
    """A file from a TNEF stream."""

    name: str = ""
    content: bytes = b""
    content_type: str = "application/octet-stream"
    content_id: str = ""


@dataclass(slots=True, kw_only=True)
class Tnef:
    """The content of a TNEF stream.  `complete` is false if the stream is truncated or broken."""

    files: list[TnefFile] = field(default_factory=list)
    text: str = ""
    html: str = ""
    complete: bool = True


class _Broken(Exception):
    """The stream is truncated, or a length in it is wrong."""


def is_tnef(content: bytes) -> bool:
    return content.startswith(SIGNATURE)


def read(content: bytes) -> Tnef:
    """The bodies and files in `content`, as far as they can be read."""
    found = Tnef()
    code_page = ""
    steps = iter(range(limits.TNEF_STEPS))
    try:
        for attribute, data in _attributes(content):
            if attribute == _CODE_PAGE and len(data) >= 4:
                code_page = f"cp{struct.unpack_from('<I', data)[0]}"
            else:
                _take(found, attribute, data, code_page, steps)
    except _Broken:
        found.complete = False
    return found


def _attributes(content: bytes) -> Iterator[tuple[int, memoryview]]:
    view = memoryview(content)
    if not is_tnef(content):
        raise _Broken
    at = 6
    for _ in range(limits.TNEF_STEPS):
        if at >= len(view):
            return
        if at + 9 > len(view):
            raise _Broken
        attribute, length = struct.unpack_from("<II", view, at + 1)
        at += 9
        if at + length > len(view):
            raise _Broken
        yield attribute, view[at : at + length]
        at += length + 2  # a checksum follows
    raise _Broken


def _take(found: Tnef, attribute: int, data: memoryview, code_page: str, steps: Iterator[int]) -> None:
    if attribute == _ATTACHMENT_BEGINS:
        found.files.append(TnefFile())
    elif attribute == _BODY:
        found.text = found.text or _text(bytes(data), code_page)
    elif attribute == _MESSAGE_PROPERTIES:
        _take_bodies(found, _properties(data, steps), code_page)
    elif attribute in {_ATTACHMENT_TITLE, _ATTACHMENT_DATA, _ATTACHMENT_PROPERTIES}:
        # MS-OXTNEF 2.1.3.3: the rendering data comes first; some writers leave it out.
        if not found.files:
            found.files.append(TnefFile())
        _take_file(found.files[-1], attribute, data, code_page, steps)


def _take_file(file: TnefFile, attribute: int, data: memoryview, code_page: str, steps: Iterator[int]) -> None:
    if attribute == _ATTACHMENT_TITLE:
        file.name = file.name or _text(bytes(data), code_page)
    elif attribute == _ATTACHMENT_DATA:
        file.content = bytes(data)
    else:
        _take_file_properties(file, _properties(data, steps), code_page)


def _take_file_properties(file: TnefFile, properties: Iterator[Property], code_page: str) -> None:
    names: dict[int, str] = {}
    for number, kind, value in properties:
        if number in {_P_LONG_FILE_NAME, _P_DISPLAY_NAME, _P_FILE_NAME}:
            names[number] = _string(kind, value, code_page)
        elif number == _P_MIME_TYPE:
            file.content_type = _string(kind, value, code_page).lower() or file.content_type
        elif number == _P_CONTENT_ID:
            file.content_id = _string(kind, value, code_page).strip("<>")
        elif number == _P_DATA and not file.content:
            file.content = value
    file.name = names.get(_P_LONG_FILE_NAME) or names.get(_P_DISPLAY_NAME) or file.name or names.get(_P_FILE_NAME) or ""


def _take_bodies(found: Tnef, properties: Iterator[Property], code_page: str) -> None:
    for number, kind, value in properties:
        if number == _P_BODY:
            found.text = _string(kind, value, code_page) or found.text
        elif number == _P_HTML:
            found.html = _string(kind, value, code_page)
        elif number == _P_CODE_PAGE and len(value) >= 4:
            code_page = code_page or f"cp{struct.unpack_from('<I', value)[0]}"
        elif number == _P_RTF and not found.text:
            found.text = rtf.to_text(rtf.decompress(value))


def _string(kind: int, value: bytes, code_page: str) -> str:
    return charsets.decode(value, "utf-16-le").text.rstrip("\0\ufffd") if kind == _UNICODE else _text(value, code_page)


def _text(value: bytes, code_page: str) -> str:
    return charsets.decode(value.rstrip(b"\0"), code_page).text


def _properties(data: memoryview, steps: Iterator[int]) -> Iterator[Property]:
    """Number, type and first value of each property (MS-OXTNEF 2.1.3.4)."""
    cursor = _Cursor(data, steps)
    for _ in range(cursor.number()):
        kind, number = struct.unpack("<HH", cursor.take(4))
        if number >= 0x8000:
            _skip_name(cursor)
        many = bool(kind & _MANY)
        kind &= ~_MANY
        if kind in _COUNTED:
            values = [cursor.padded(cursor.number()) for _ in range(cursor.number())]
        elif kind in _FIXED:
            values = [cursor.take(_FIXED[kind]) for _ in range(cursor.number() if many else 1)]
        else:
            raise _Broken
        yield number, kind, _object(kind, values[0] if values else b"")


def _skip_name(cursor: _Cursor) -> None:
    cursor.take(16)
    if cursor.number() == 0:
        cursor.take(4)
    else:
        cursor.padded(cursor.number())


def _object(kind: int, value: bytes) -> bytes:
    # MS-OXTNEF 2.1.3.4: an object begins with the ID of its interface.
    return value[16:] if kind == 0x0D else value


@dataclass(slots=True)
class _Cursor:
    """A cursor at offset `at`.  `steps` are those left to the whole stream, since a sender can send many empty values cheaply."""

    data: memoryview
    steps: Iterator[int]
    at: int = 0

    def take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self.data) or next(self.steps, None) is None:
            raise _Broken
        piece = bytes(self.data[self.at : end])
        self.at = end
        return piece

    def number(self) -> int:
        return int.from_bytes(self.take(4), "little")

    def padded(self, size: int) -> bytes:
        piece = self.take(size)
        self.at = min(self.at + -size % 4, len(self.data))
        return piece
