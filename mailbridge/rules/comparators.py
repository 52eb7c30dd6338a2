"""Comparators of Sieve: when two texts are the same (RFC 4790, RFC 5051)."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache


class Comparator(StrEnum):
    UNICODE = "i;unicode-casemap"
    ASCII = "i;ascii-casemap"
    OCTET = "i;octet"
    NUMERIC = "i;ascii-numeric"


class _Titles(dict[int, str]):
    """RFC 5051 2 (a) for one character: its simple titlecase."""

    def __missing__(self, code: int) -> str:
        title = chr(code).title()
        # The RFC uses the simple mapping of UnicodeData.txt. Where the full mapping is longer there is no simple one.
        self[code] = made = title if len(title) == 1 else chr(code)
        return made


_PIECE, _MOST = 1_024, 98_304  # characters
_TITLES = _Titles()
# Characters whose simple titlecase may differ from `str.upper` (ß, digraphs, Georgian, ligatures). For others it is the same and faster.
_ODD = re.compile("[ßŉǄ-ǌǰ-ǳΐΰև\u10d0-\u10ff\u1e96-\u1e9f\u1f00-\u1fff\ufb00-\ufb17]")
_ASCII_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}


@lru_cache(maxsize=32)
def fold(text: str, comparator: Comparator) -> str:
    """The normal form of a text: equal for texts that this comparator treats as equal.  Cached, because texts of a mail are compared many
    times."""
    if comparator is Comparator.UNICODE:
        if text.isascii():
            return text.upper()
        titled = text.translate(_TITLES) if _ODD.search(text) else text.upper()
        return _decomposed(titled)
    if comparator is Comparator.ASCII:
        return text.upper() if text.isascii() else text.translate(_ASCII_UPPER)
    if comparator is Comparator.NUMERIC:
        return numeric(text)
    return text


def _decomposed(text: str) -> str:
    """RFC 5051 2 (b).  One character may become eighteen: a text that gets too long is cut, like one that arrived that long."""
    if len(text) <= _PIECE:
        return unicodedata.normalize("NFKD", text)
    made: list[str] = []
    room = _MOST
    for start in range(0, len(text), _PIECE):
        made.append(unicodedata.normalize("NFKD", text[start : start + _PIECE]))
        room -= len(made[-1])
        if room <= 0:
            break
    return "".join(made)


def numeric(text: str) -> str:
    """RFC 4790 9.1: the digits at the front as a number; 'infinity' for a text that does not begin with one."""
    digits = 0
    while digits < len(text) and text[digits] in "0123456789":
        digits += 1
    return (text[:digits].lstrip("0") or "0") if digits else "infinity"


def ignores_case(comparator: Comparator) -> bool:
    """Whether `matches` and `regex` ignore case."""
    return comparator in (Comparator.UNICODE, Comparator.ASCII)
