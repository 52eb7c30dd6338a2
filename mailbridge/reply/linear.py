"""Regular expressions with linear run time.  Only this module of the package imports RE2."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import re2

# RE2's default of 8 MiB is too small for the automaton of a few hundred phrases.
_MEMORY = 64 << 20


def _options() -> re2.Options:
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    return options


class PhraseSet:
    """Several patterns matched at once, against a whole string or `anywhere` in it, in time linear in its length."""

    __slots__ = ("_set",)

    def __init__(self, patterns: Sequence[str], *, anywhere: bool = False) -> None:
        self._set = re2.Set.SearchSet(_options()) if anywhere else re2.Set.FullMatchSet(_options())
        for pattern in patterns:
            self._set.Add(pattern)
        self._set.Compile()

    def matches(self, text: str) -> list[int]:
        """The indices of the matching patterns in the given sequence, ascending."""
        return sorted(self._set.Match(_scalar(text)) or ())


class LinearPattern:
    """One pattern, searched anywhere in a string."""

    __slots__ = ("_set",)

    def __init__(self, pattern: str) -> None:
        self._set = re2.Set.SearchSet(_options())
        self._set.Add(pattern)
        self._set.Compile()

    def found(self, text: str) -> bool:
        return bool(self._set.Match(_scalar(text)))


@lru_cache(maxsize=4096)
def escaped(text: str) -> str:
    return str(re2.escape(text))


def _scalar(text: str) -> str:
    """The text with lone surrogates replaced, because RE2 reads UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
