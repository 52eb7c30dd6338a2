"""Converts rich text to plain text for mail bodies: Outlook's compressed form (MS-OXRTFCP) and the words in it."""

from __future__ import annotations

import re
import struct

from mailbridge.message import charsets

_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArial"
    rb"Times New RomanCourier{\colortbl\red0\green0\blue0" + b"\r\n" + rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_WINDOW = 4096
_LARGEST = 1 << 20
_COMPRESSED = b"LZFu"
_STORED = b"MELA"


def decompress(data: bytes) -> bytes:
    """The rich text in a PR_RTF_COMPRESSED value, at most 1 MB of it; b'' for any other content."""
    if len(data) < 16:
        return b""
    raw_size = struct.unpack_from("<I", data, 4)[0]
    if data[8:12] == _STORED:
        return data[16 : 16 + min(raw_size, _LARGEST)]
    return _unpacked(data, min(raw_size, _LARGEST)) if data[8:12] == _COMPRESSED else b""


def _unpacked(data: bytes, size: int) -> bytes:
    out = bytearray(_DICTIONARY)
    base = len(out)
    at = 16
    while at < len(data) and len(out) - base < size:
        control = data[at]
        at += 1
        for bit in range(8):
            if at >= len(data):
                break
            if not control >> bit & 1:
                out.append(data[at])
                at += 1
                continue
            if at + 1 >= len(data):
                return bytes(out[base:])
            token = data[at] << 8 | data[at + 1]
            at += 2
            # The offset refers to a window of 4096 bytes that begins with the dictionary.
            start = len(out) - ((len(out) - (token >> 4)) % _WINDOW or _WINDOW)
            if start < 0 or (token >> 4) == len(out) % _WINDOW:
                return bytes(out[base:])
            for step in range((token & 15) + 2):
                out.append(out[start + step])
    return bytes(out[base : base + size])


_TOKEN = re.compile(rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL)
_SKIPPED = frozenset({b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"themedata", b"listtable", b"generator"})
_WORDS = {  # control words, and the text that they stand for
    b"par": "\n",
    b"line": "\n",
    b"row": "\n",
    b"tab": "\t",
    b"cell": "\t",
    b"emdash": "\u2014",
    b"endash": "\u2013",
    b"lquote": "\u2018",
    b"rquote": "\u2019",
    b"ldblquote": "\u201c",
    b"rdblquote": "\u201d",
    b"bullet": "\u2022",
}


def to_text(data: bytes) -> str:
    """The words of rich text, without fonts, pictures and the HTML that it was made from."""
    reader = _Reader()
    for match in _TOKEN.finditer(data):
        reader.take(match)
    reader.flush()
    return charsets.clean("".join(reader.pieces)).strip()


class _Reader:
    """State of one pass: the depth, the depth from which text is skipped, and bytes that are not decoded yet."""

    __slots__ = ("charset", "depth", "in_rtf_copy", "pending", "pieces", "replaced", "skipped_from")

    def __init__(self) -> None:
        self.depth = 0
        self.in_rtf_copy = False  # between \\htmlrtf and \\htmlrtf0: layout for readers without HTML (MS-OXRTFEX)
        self.skipped_from: int | None = None
        self.pieces: list[str] = []
        self.pending = bytearray()
        self.charset = "cp1252"
        self.replaced = 0

    def take(self, match: re.Match[bytes]) -> None:
        word, number, code, symbol, brace, text = match.groups()
        if brace:
            self._brace(brace)
        elif self.skipped_from is not None:
            return
        elif word:
            self._word(word, int(number) if number else None)
        elif code:
            self._bytes(bytes([int(code, 16)]))
        elif symbol == b"*":
            self.skipped_from = self.depth
        elif symbol:
            self._bytes({b"~": b"\xa0", b"_": b"-"}.get(symbol, symbol if symbol in b"\\{}" else b""))
        elif text:
            self._bytes(text)

    def _brace(self, brace: bytes) -> None:
        self.depth += 1 if brace == b"{" else -1
        if self.skipped_from is not None and self.depth < self.skipped_from:
            self.skipped_from = None

    def _word(self, word: bytes, number: int | None) -> None:
        if word in _SKIPPED:
            self.skipped_from = self.depth
        elif word == b"htmlrtf":
            self.in_rtf_copy = number != 0
        elif word == b"ansicpg" and number:
            self.charset = f"cp{number}"
        elif word == b"u" and number is not None and -32768 <= number <= 65535:
            self._string(chr(number % 65536))
            self.replaced = 1
        elif word in _WORDS:
            self._string(_WORDS[word])

    def _bytes(self, data: bytes) -> None:
        if self.in_rtf_copy:
            return
        # A replacement for readers without Unicode follows \uN.
        self.pending += data[self.replaced :]
        self.replaced = 0

    def _string(self, text: str) -> None:
        self.flush()
        self.pieces.append(text)

    def flush(self) -> None:
        if self.pending:
            self.pieces.append(charsets.decode(bytes(self.pending), self.charset).text)
            self.pending.clear()
