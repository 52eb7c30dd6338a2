"""The terms of a text: folded words with Snowball stems.  The only importer of snowballstemmer.

The words are those of `message.search_words`, so that accents, capitals and scripts without blanks are treated alike everywhere.  Letters
are folded before stemming, because people leave diacritics out; where the stemmer needs them (й in Russian) after it.  A code of letters
and digits is one term: `E-52` is `e52`.  Function words and what is shorter than two letters or three digits are no terms.
"""

from __future__ import annotations

import re
from functools import cache

import snowballstemmer

from mailbridge.knowledge.stop_words import STOP_WORDS
from mailbridge.message.search_words import MOST_CHARACTERS, folded, words

# ISO 639-1 to the name of the algorithm.
_ALGORITHMS = {
    "ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "cs": "czech", "da": "danish", "nl": "dutch", "en": "english",
    "et": "estonian", "fi": "finnish", "fr": "french", "de": "german", "el": "greek", "hi": "hindi", "hu": "hungarian",
    "id": "indonesian", "ga": "irish", "it": "italian", "lt": "lithuanian", "ne": "nepali", "no": "norwegian", "nb": "norwegian",
    "fa": "persian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "es": "spanish",
    "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
_STEMMED_FIRST = frozenset({"ru", "sr", "hy", "el", "hi", "ne"})
_CODE = re.compile(r"(?<![^\W_])[^\W_]++(?:[-./][^\W_]++)+")  # begins at the beginning of a word, so that a long word is read once
_LOWER_WORD = re.compile(r"[^\W_]{1,64}")
_KEPT_STEMS = 200_000


def terms(text: str, language: str) -> list[str]:
    """All terms of the text in order, as this language stems them."""
    text = text[:MOST_CHARACTERS]
    found = _stemmed_first(text, language) if language in _STEMMED_FIRST else _folded_first(text, language)
    return [*found, *_codes(text)]


def _folded_first(text: str, language: str) -> list[str]:
    known = _stems(language)
    return [stem for word in words(text) if (stem := known[word])]


def _stemmed_first(text: str, language: str) -> list[str]:
    known = _stems(language)
    return [stem for word in _LOWER_WORD.findall(text.lower()) if (stem := known[word])]


def _codes(text: str) -> list[str]:
    """The codes of the text in one piece; dates and amounts are none, because they have no letter."""
    joined = (re.sub(r"[-./]", "", folded(code)) for code in _CODE.findall(text))
    return [code for code in joined if len(code) <= 32 and any(c.isdigit() for c in code) and not code.isdigit()]


class _Stems(dict[str, str]):
    """Word -> its term, '' for a word that is none.  Forgets all when it is full."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._stop = STOP_WORDS.get(language, frozenset())
        self._after = language in _STEMMED_FIRST
        algorithm = _ALGORITHMS.get(language)
        self._stem = snowballstemmer.stemmer(algorithm).stemWord if algorithm else str

    def __missing__(self, word: str) -> str:
        if len(self) >= _KEPT_STEMS:
            self.clear()
        self[word] = found = self._term(word)
        return found

    def _term(self, word: str) -> str:
        plain = folded(word) if self._after else word
        if plain in self._stop or (plain.isdigit() and len(plain) < 3) or (len(plain) < 2 and plain.isascii()):
            return ""
        stem = str(self._stem(word))
        return folded(stem) if self._after else stem


@cache
def _stems(language: str) -> _Stems:
    return _Stems(language)
