"""Lines that an app or a phone signs with: 'Sent from my phone', in any language."""

from __future__ import annotations

import re

from mailbridge.reply.vocabulary import fold, mobile_edges, mobile_signatures

LONGEST_APP_LINE = 120
_MOST_WORDS = 12
_MOST_PARTS = 3
_EDGE = " \t\u00a0.!*_-–—|[]()<>«»＞。"
_SENTENCE = re.compile(r"\w{2}[.?!](?:\s|$)|[。？]$")
_PARTS = re.compile(r"[.,;!] | - ")
# Words of a sentence that begins like such a line: 'Sent from my desk, which is easier'.
_TELLS = re.compile(
    r"\b(?:is|was|are|were|has|have|had|because|which|please|but|that|never|not|ist|sind|war|weil|bitte|est|sont|es|era|è|sono)\b"
)


def app_language(bare: str) -> str:
    """The language of a line that an app or a phone signs with ('Sent from my phone'), '' for any other line."""
    if not _may_be_app_line(bare):
        return ""
    folded = fold(bare.split("<http", 1)[0].split("(http", 1)[0]).strip(_EDGE)
    if not 6 <= len(folded) <= LONGEST_APP_LINE:
        return ""
    language = "" if _SENTENCE.search(folded) else _app_phrase(folded)
    return language or _app_phrases(folded)


def _app_phrase(folded: str) -> str:
    phrases, rows = mobile_signatures()
    matching = [rows[place] for place in phrases.matches(folded)] if len(folded.split()) <= _MOST_WORDS else []
    if _TELLS.search(folded):
        matching = [(language, phrase) for language, phrase in matching if _TELLS.search(phrase)]
    return matching[0][0] if matching else ""


def _app_phrases(folded: str) -> str:
    """'Sent from my phone. Please excuse my brevity.': the language where each sentence is such a phrase."""
    parts = [part.strip(_EDGE) for part in _PARTS.split(folded, _MOST_PARTS)]
    languages = [_app_phrase(part) for part in parts if part]
    return languages[0] if 1 < len(languages) <= _MOST_PARTS and all(languages) else ""


def _may_be_app_line(bare: str) -> bool:
    """Whether the first or the last word is one of those lines'; cheaper than trying them all on each line."""
    folded = bare.casefold().strip(_EDGE)
    firsts, glued, lasts = mobile_edges()
    first = folded.partition(" ")[0].strip(_EDGE)
    return first in firsts or folded.startswith(glued) or folded.endswith(lasts)
