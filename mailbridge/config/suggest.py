"""Which known word a person probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MOST_LISTED = 30


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant; None where none is near.  Case does not count, and "_" is "-"."""
    words = {_folded(each): each for each in known}
    close = difflib.get_close_matches(_folded(word), words, n=1, cutoff=0.6)
    return words[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str], kind: str = "word", *, otherwise: str = "") -> str:
    """'did you mean "folders"?'; where none is near, `otherwise` or the words to choose from.  `kind` is what they are."""
    words = list(known)
    close = nearest(word, words)
    return f'did you mean "{close}"?' if close else otherwise or listed(words, kind)


def listed(known: Iterable[str], kind: str) -> str:
    """The words to choose from."""
    words = list(known)
    if not words:
        return f"no {kind} is defined"
    return f"known: {', '.join(words[:MOST_LISTED])}{', …' if len(words) > MOST_LISTED else ''}"


def _folded(word: str) -> str:
    return word.lower().replace("_", "-")
