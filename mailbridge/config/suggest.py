"""Which known word a person probably meant.  The only place that compares spellings, and that says how alike two words must be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

SUGGESTED = 0.6  # likeness (difflib's ratio, 0 to 1) of a word that is shown to the writer, who decides
SURE = 0.75  # likeness of a word that is taken in place of the written one
MOST_LISTED = 30


def nearest(word: str, known: Iterable[str], *, likeness: float = SUGGESTED) -> str:
    """The known word that was probably meant; '' where none is near.  Case does not count, and "_" is "-"."""
    return next(iter(near_words(word, known, likeness=likeness)), "")


def near_words(word: str, known: Iterable[str], *, likeness: float = SUGGESTED) -> list[str]:
    """The known words that may have been meant, at most three, the nearest first."""
    words = {_folded(each): each for each in known}
    return [words[close] for close in difflib.get_close_matches(_folded(word), words, cutoff=likeness)]


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
