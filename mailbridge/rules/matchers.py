"""Tests one text or number: the same result as an index, for conditions without one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from mailbridge.rules.comparators import Comparator, fold, numeric
from mailbridge.rules.patterns import PatternMatch
from mailbridge.rules.rule_set import encoded, pattern_of
from mailbridge.rules.tree import MatchType, Number, Test

_ORDER: dict[MatchType, Callable[[Any, Any], bool]] = {
    MatchType.GE: ge, MatchType.GT: gt, MatchType.LE: le, MatchType.LT: lt, MatchType.EQ: eq, MatchType.NE: ne,
}  # fmt: skip


def passes(test: Test, text: str) -> bool:
    """Whether the text passes with any of the keys."""
    return any(_passes(test, key, text) for key in test.keys)


def _passes(test: Test, key: str, text: str) -> bool:
    match test.match:
        case MatchType.IS:
            return fold(key, test.comparator) == fold(text, test.comparator)
        case MatchType.CONTAINS:
            return fold(key, test.comparator) in fold(text, test.comparator)
        case MatchType.MATCHES | MatchType.REGEX:
            return pattern_of(test.match, test.comparator, key).search(encoded(text)) is not None
    return _ORDER[test.match](_rank(text, test.comparator), _rank(key, test.comparator))


def _rank(text: str, comparator: Comparator) -> float | str:
    """RFC 5231 with RFC 4790: numbers by value (no number is the largest), other texts by their folded characters."""
    if comparator is not Comparator.NUMERIC:
        return fold(text, comparator)
    return float(numeric(text))


def within(test: Number, value: float | None) -> bool:
    """RFC 5228 5.9: strictly over, strictly under.  An unknown value is neither."""
    if value is None:
        return False
    return (test.over is None or value > test.over) and (test.under is None or value < test.under)


def found(test: Test, text: str, keys: Iterable[str] | None = None) -> tuple[str, PatternMatch] | None:
    """The first key that matches, and the matching part of the text.  `keys`: the candidates among the test's keys."""
    return next(((key, what) for key in keys or test.keys if (what := _found(test, key, text)) is not None), None)


def _found(test: Test, key: str, text: str) -> PatternMatch | None:
    match test.match:
        case MatchType.MATCHES | MatchType.REGEX:
            compiled = pattern_of(test.match, test.comparator, key)
            return compiled.find(encoded(text), groups=bool(test.captures or compiled.names))
        case MatchType.CONTAINS:
            return _contained(test, key, text)
    return PatternMatch(text=text, groups=()) if _passes(test, key, text) else None


@lru_cache(maxsize=16)
def _lower(text: str) -> str:
    # Each matching rule uses the texts of the mail.
    return text.lower()


def _contained(test: Test, key: str, text: str) -> PatternMatch | None:
    """The key as the text has it; where only their folded forms meet, the key itself."""
    lower, wanted = _lower(text), key.lower()
    if test.comparator is Comparator.UNICODE and len(lower) == len(text) and (start := lower.find(wanted)) >= 0:
        return PatternMatch(text=text[start : start + len(wanted)], groups=())
    return PatternMatch(text=key, groups=()) if _passes(test, key, text) else None
