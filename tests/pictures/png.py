"""PNG files (ISO/IEC 15948) as the browser writes them: not interlaced, 8 bits a sample."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SAMPLES = {0: 1, 2: 3, 6: 4}  # of a pixel, by the type of colour
SHADES = bytes((value * 15 + 127) // 255 * 17 for value in range(256))


def small(png: bytes, high: int) -> bytes:
    """The upper `high` rows of the picture with 16 shades of each colour, in a palette.  Raises ValueError where that holds too few."""
    chunks = list(_chunks(png))
    wide, whole, _, colour, *_ = struct.unpack(">IIBBBBB", next(data for kind, data in chunks if kind == b"IHDR"))
    high, samples = min(high, whole), SAMPLES[colour]
    packed = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    palette: dict[bytes, int] = {}
    out = bytearray()
    for row in _rows(packed, high, wide * samples, samples):
        rough = row.translate(SHADES)
        pixels = zip(*(rough[at::samples] for at in range(3)), strict=True) if samples > 1 else ((one, one, one) for one in rough)
        out.append(0)
        out += bytes([palette.setdefault(bytes(pixel), len(palette)) for pixel in pixels])
    head = struct.pack(">IIBBBBB", wide, high, 8, 3, 0, 0, 0)
    body = _chunk(b"IDAT", zlib.compress(bytes(out), 9))
    return SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"PLTE", b"".join(palette)) + body + _chunk(b"IEND", b"")


def _rows(packed: bytes, high: int, size: int, samples: int) -> Iterator[bytes]:
    """The rows as they are shown, with their filters taken back (section 9.2 of the standard)."""
    above = bytearray(size)
    for number in range(high):
        at = number * (size + 1)
        row, kind = bytearray(packed[at + 1 : at + 1 + size]), packed[at]
        for place in range(size) if kind else ():
            left, corner = (row[place - samples], above[place - samples]) if place >= samples else (0, 0)
            row[place] = (row[place] + _predicted(kind, left, above[place], corner)) & 255
        above = row
        yield bytes(row)


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    if kind < 4:
        return (0, left, up, (left + up) // 2)[kind]
    distances = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    return (left, up, corner)[distances.index(min(distances))]


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        yield kind, png[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
