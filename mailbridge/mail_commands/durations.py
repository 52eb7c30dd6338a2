"""Durations: `1h30`, `1.5h`, `90` (minutes), `1:30`, `45 min`, `1 oră 20 min`, `2ч`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from mailbridge.mail_commands.vocabulary import Vocabulary, tokens

WORKING_DAY = 8 * 60  # minutes of "2d" of work
MOST = 100 * 24 * 60  # minutes; more is a typing error
_MINUTES = {"m": 1, "h": 60, "d": WORKING_DAY, "w": 5 * WORKING_DAY}
_CLOCK = re.compile(r"([0-9]{1,3}):([0-5][0-9])")
_PART = re.compile(r"([0-9]{1,5}(?:[.,][0-9]{1,3})?)([^\W\d_]*)\.?")
_NUMBER = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,3})?")


def minutes(words: Sequence[str], start: int, known: Vocabulary) -> tuple[int, int] | None:
    """The minutes from `start` on, and the index of the rest; None where there is no duration."""
    clock = _CLOCK.fullmatch(words[start]) if start < len(words) else None
    if clock:
        return _sane(60 * int(clock[1]) + int(clock[2]), start + 1)
    parts: list[tuple[Decimal, str]] = []
    at = start
    while at < len(words):
        found = _parts(words, at, known, bare=not parts or (parts[-1][1] == "h" and at + 1 == len(words)))
        if found is None:
            break
        parts += found[0]
        at = found[1]
        if found[0][-1][1] == "m":
            break
    if not parts:
        return None
    total = sum((number * _MINUTES[unit] for number, unit in parts), Decimal(0))
    return _sane(int(total.quantize(Decimal(1), ROUND_HALF_UP)), at)


def whole(text: str, known: Vocabulary) -> int | None:
    """The minutes of the whole text; None where it is anything else."""
    words = tokens(protected(text))
    found = minutes(words, 0, known)
    return found[0] if found and found[1] == len(words) else None


def protected(text: str) -> str:
    """`1,5h` as `1.5h`: a comma inside a number does not separate words."""
    return re.sub(r"(?<=[0-9]),(?=[0-9])", ".", text)


def spoken(total: int) -> str:
    """Minutes as `1h30`, `2h`, `45m`, which `minutes` can parse."""
    hours, rest = divmod(total, 60)
    return f"{hours}h{rest:02}" if hours and rest else f"{hours}h" if hours else f"{rest}m"


def _parts(words: Sequence[str], at: int, known: Vocabulary, *, bare: bool) -> tuple[list[tuple[Decimal, str]], int] | None:
    """The numbers with units, in one word or two ('2h', '1h30', '2' 'hours').  `bare`: a number alone counts as minutes."""
    found = list(_PART.finditer(words[at]))
    if not found or "".join(part[0] for part in found) != words[at]:
        return None
    parts: list[tuple[Decimal, str]] = []
    for part in found:
        number, unit = Decimal(part[1].replace(",", ".")), known.units.get(part[2], "")
        if part[2] and unit not in _MINUTES:
            return None
        if unit:
            parts.append((number, unit))
        elif parts:  # the 30 of 1h30
            parts.append((number, "m"))
        elif at + 1 < len(words) and known.units.get(words[at + 1].rstrip("."), "") in _MINUTES:
            return [(number, known.units[words[at + 1].rstrip(".")])], at + 2
        elif bare:
            parts.append((number, "m"))
        else:
            return None
    return parts, at + 1


def _sane(total: int, end: int) -> tuple[int, int] | None:
    return (total, end) if total <= MOST else None
