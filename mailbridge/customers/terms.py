"""A customer's glossary: its own words and what they mean, and which of them a text uses.  Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from mailbridge.config import names
from mailbridge.config.reading import Wrong

MOST_SHOWN = 8


def terms_of(value: str) -> dict[str, str]:
    """The glossary of one text, "linia 2 = packing hall; E2 = east gate".  Raises Wrong for a part without "="."""
    found: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in value.split(";"))):
        word, sign, meaning = (each.strip() for each in part.partition("="))
        if not (sign and word and meaning):
            raise Wrong(f'"{part}" is not a word with its meaning', 'write it like "linia 2 = packing hall; E2 = east gate"')
        found[names.line(word)] = names.line(meaning)
    return found


def terms_in(terms: Mapping[str, str], text: str) -> tuple[tuple[str, str], ...]:
    """The terms that the text uses as whole words, with their meanings; case, accents and the width of blanks do not count."""
    folded = _folded(text) if terms else ""
    used = (one for one in terms.items() if (word := _folded(one[0])) and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", folded))
    return tuple(used)[:MOST_SHOWN]


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.casefold())
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())
