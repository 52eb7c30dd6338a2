"""What a customer's answer says where its whole text is one of a few words: that the request is solved, or which article is wanted.

Anything beside these words makes it an ordinary message: a weak guess never hides what a person wrote.
"""

from __future__ import annotations

import re

from mailbridge.knowledge.model import article_number
from mailbridge.mail_commands.vocabulary import fold

_SOLVED = (
    "that solved it", "this solved it", "it solved it", "that has solved it", "this has solved it",
    "solved", "it is solved", "its solved", "problem solved", "the problem is solved",
    "s-a rezolvat", "sa rezolvat", "s-a rezolvat problema", "problema s-a rezolvat", "problema este rezolvata", "rezolvat", "este rezolvat",
    "проблема решена", "решено", "вопрос решен", "все решено", "это решило проблему", "проблема решилась",
)  # fmt: skip
_THANKS = (
    "thank you", "thanks", "many thanks", "thank you very much", "thanks a lot",
    "multumesc", "va multumesc", "multumim", "mersi", "va multumim",
    "спасибо", "большое спасибо", "спасибо большое", "благодарю",
)  # fmt: skip
_LONGEST = 80  # characters
_NAMED = re.compile(r"\s*[(\[]?\b(kb-?[1-9][0-9]{0,5})\b[)\]]?[\s.]*$", re.IGNORECASE | re.ASCII)  # an article at the end
_ASKED = re.compile(r"#\s?(?:kb|articole|статьи)\s+(kb-?[1-9][0-9]{0,5})\.?", re.ASCII)
_BETWEEN = re.compile(r"[\s.,;!:–—]+")


def says_solved(text: str) -> bool:
    """Whether the whole text says that the request is solved, with or without thanks."""
    if len(text) > _LONGEST:
        return False
    said = _words(_NAMED.sub("", text).replace("’", "'").replace("it's", "its"))
    return said in _WHOLE


def solved_by(text: str) -> int:
    """The number of the article that a text which says "solved" names behind it, "That solved it. (KB-17)"; 0 for none."""
    named = _NAMED.search(text) if len(text) <= _LONGEST else None
    return (article_number(named[1]) or 0) if named else 0


def asked_article(text: str) -> int:
    """The number of the article that the whole text asks for, `#kb KB-17` in any of the languages; 0 where it asks for none."""
    asked = _ASKED.fullmatch(fold(text.strip())) if len(text) <= _LONGEST else None
    return (article_number(asked[1]) or 0) if asked else 0


def without_thanks(text: str) -> str:
    """The words of the text, in lower case without diacritics and punctuation, without thanks at its beginning or end."""
    words = _words(text)
    for thanks in _POLITE:
        if words != thanks:
            words = words.removesuffix(f" {thanks}").removeprefix(f"{thanks} ")
    return words


def _words(text: str) -> str:
    """The words in lower case without diacritics and punctuation."""
    return " ".join(_BETWEEN.sub(" ", fold(text)).split())


_ONLY = frozenset(_words(phrase) for phrase in _SOLVED)
_POLITE = tuple(_words(phrase) for phrase in _THANKS)
_WHOLE = _ONLY | {f"{said} {thanks}" for said in _ONLY for thanks in _POLITE} | {f"{thanks} {said}" for said in _ONLY for thanks in _POLITE}


_QUIET = frozenset(fold(word) for word in ("#quiet", "#liniște", "#тишина", "#тихо"))
_OFF = frozenset(fold(word) for word in ("off", "oprit", "выкл"))


def wants_quiet(text: str) -> bool | None:
    """Whether the whole text is `#quiet` (True) or `#quiet off` (False), in any of the languages; None for anything else."""
    words = fold(text.strip()).split() if len(text) <= _LONGEST else []
    if not words or words[0] not in _QUIET or len(words) > 2:
        return None
    return True if len(words) == 1 else False if words[1] in _OFF else None
