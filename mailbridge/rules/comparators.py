"""Comparators of Sieve: when two texts are the same (RFC 4790, RFC 5051)."""

from __future__ import annotations

import unicodedata
from enum import StrEnum


class Comparator(StrEnum):
    UNICODE = "i;unicode-casemap"
    ASCII = "i;ascii-casemap"
    OCTET = "i;octet"
    NUMERIC = "i;ascii-numeric"


class _Titles(dict[int, str]):
    """RFC 5051 step 2 for one character: its simple titlecase, then fully decomposed."""

    def __missing__(self, code: int) -> str:
        title = chr(code).title()
        # RFC 5051 wants the simple mapping of UnicodeData.txt; where the full one is longer there is no simple one.
        made = unicodedata.normalize("NFKD", title if len(title) == 1 else chr(code))
        self[code] = made
        return made


_TITLES = _Titles()
_ASCII_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}


def fold(text: str, comparator: Comparator) -> str:
    """What two texts have in common that are equal by this comparator."""
    if comparator is Comparator.UNICODE:
        return text.upper() if text.isascii() else text.translate(_TITLES)
    if comparator is Comparator.ASCII:
        return text.upper() if text.isascii() else text.translate(_ASCII_UPPER)
    if comparator is Comparator.NUMERIC:
        return numeric(text)
    return text


def numeric(text: str) -> str:
    """RFC 4790 9.1: the digits at the front as a number; 'infinity' for a text that does not begin with one."""
    digits = 0
    while digits < len(text) and text[digits] in "0123456789":
        digits += 1
    return (text[:digits].lstrip("0") or "0") if digits else "infinity"


def ignores_case(comparator: Comparator) -> bool:
    """Whether `matches` and `regex` take upper for lower case."""
    return comparator in (Comparator.UNICODE, Comparator.ASCII)
