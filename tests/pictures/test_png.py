"""Pictures are cut and get a palette, and show the same."""

from __future__ import annotations

import struct
import zlib

from tests.pictures.png import SIGNATURE, _chunk, _chunks, small


def test_every_filter_is_taken_back_and_rows_below_are_cut_off() -> None:
    """Rows of two pixels; each filter makes the same two pixels of what stands beside and above (ISO/IEC 15948, 9.2)."""
    red, blue = b"\xff\0\0", b"\0\0\xff"
    rows = [
        b"\0" + red + blue,
        b"\1" + red + b"\1\0\xff",
        b"\2" + bytes(6),
        b"\3" + b"\x80\0\0" + b"\x81\0\x80",
        b"\4" + bytes(6),
        b"\0" + blue + red,
    ]
    png = (
        SIGNATURE
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 6, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(b"".join(rows)))
        + _chunk(b"IEND", b"")
    )

    made = dict(_chunks(small(png, 5)))

    assert struct.unpack(">IIBBBBB", made[b"IHDR"])[:4] == (2, 5, 8, 3)
    assert made[b"PLTE"] == red + blue
    assert zlib.decompress(made[b"IDAT"]) == b"\0\0\1" * 5
