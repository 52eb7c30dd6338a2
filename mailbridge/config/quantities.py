"""Numbers, shares, sizes and distances in configuration files.  Each function raises Wrong where a text cannot mean one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from mailbridge.config.reading import Wrong, shaped

_Number = TypeVar("_Number", int, float)
_SIZE = re.compile(r"(\d{1,15})\s*([KMG]?)(?:i?B)?", re.IGNORECASE)


def within(value: _Number, least: _Number, most: _Number, show: Callable[[_Number], str] = str) -> _Number:
    """The value, where it is from `least` to `most`."""
    if value < least:
        raise Wrong(f"{show(value)} is too small", f"the least is {show(least)}")
    if value > most:
        raise Wrong(f"{show(value)} is too large", f"the most is {show(most)}")
    return value


def number(text: str) -> float:
    """A plain number."""
    return float(shaped(text, r"-?\d{1,9}(\.\d{1,6})?", "is not a number"))


def count(text: str) -> int:
    """How many, from 0."""
    return int(shaped(text, r"\d{1,6}", "is not a count", "a whole number from 0"))


def index(text: str) -> int:
    """RFC 5260 6: which field of that name, from 1; from the end with a minus."""
    return int(shaped(text, r"-?[1-9]\d{0,3}", "is not a position", "1 is the first field of that name, -1 the last"))


def level(text: str) -> int:
    """How much of a skill, '1' to '9'."""
    return int(shaped(text, "[1-9]", "is not a level", "levels go from 1 to 9"))


def share(text: str) -> float:
    """'75%'."""
    found = re.fullmatch(r"(\d{1,3})\s*%", text)
    if not found or not 0 < int(found[1]) < 100:
        raise Wrong(f'"{text}" is not a share', 'write it like "75%": more than 0 and less than 100')
    return int(found[1]) / 100


def percent(text: str) -> float:
    """'2%', '0.5%' as a share of 1."""
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,3})?)\s*%", text)
    if not found or float(found[1]) > 100:
        raise Wrong(f'"{text}" is not a share', 'write it like "2%"')
    return float(found[1]) / 100


def size(text: str) -> int:
    """'500K', '10M', '50 MB': RFC 5228 1.1 counts K, M and G in powers of 1024."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise Wrong(f'"{text}" is not a size', 'write it like "500K" or "10M"')
    return int(found[1]) << {"": 0, "k": 10, "m": 20, "g": 30}[found[2].lower()]


def size_within(least: int, most: int) -> Callable[[str], int]:
    """A size from `least` to `most` bytes, both allowed."""
    return lambda text: within(size(text), least, most, lambda bound: f"{bound} bytes")


def kilometres(text: str) -> float:
    """A distance in km, '12', '12.5' or '12 km'."""
    found = re.fullmatch(r"(\d{1,5}(?:[.,]\d{1,2})?)(?: ?km)?", text)
    if found is None:
        raise Wrong(f'"{text}" is not a distance', 'write it in km like "12" or "12.5 km"')
    return float(found[1].replace(",", "."))
