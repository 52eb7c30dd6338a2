"""Classifies one line at the end of a mail: link, name, sign-off, sentence, legal phrase, contact detail."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from mailbridge.reply.lines import TextLine
from mailbridge.reply.vocabulary import disclaimers, fold_phrase, sign_off_openers, sign_offs


class SignatureStart(NamedTuple):
    """A signature or disclaimer begins at line `place`.

    `reason`: the key of the sign ('sign-off:en'); `confidence`: 0 to 1.
    """

    place: int
    reason: str
    confidence: float


_TRAILING = " \t\u00a0,.;:!~-–—*_…。、，！　)"
_SEPARATORS = (",", "!", ".", " -", " /", "，", "。", "、")
SENTENCE = re.compile(r"\w{2}[.?!](?:\s|$)|[。？]$")
SENTENCE_ENDS = frozenset(".!?…。！？,;")
_NUMBER_FIRST = re.compile(r"^\s*[+(]?\d")
MOST_SIGNATURE_LINES = 16
_LONG_SENTENCE = 10  # words
LONGEST_SIGNATURE_LINE = 110


def is_text(bare: str) -> bool:
    """Whether the line below a rule is a sentence, not a line of a signature or of a list footer."""
    return bare.endswith((".", "?", "!", "。", "？", "！")) and len(bare.split()) > 2 and not is_link(bare) and not is_legal(bare)


def are_short(lines: list[TextLine], rest: list[int], *, most: int) -> bool:
    """Whether there are at most `most` lines, none longer than a signature's line."""
    return len(rest) <= most and all(len(lines[place].bare) <= LONGEST_SIGNATURE_LINE for place in rest)


def sign_off_phrase(bare: str) -> tuple[str, bool]:
    """(the known sign-off in this line, whether a name follows it on the line); the phrase is '' for any other line."""
    if bare.isascii() and bare.partition(" ")[0].lower().strip(_TRAILING) not in sign_off_openers():
        return "", False
    folded = fold_phrase(bare).strip(_TRAILING)
    if folded in sign_offs():
        return folded, False
    for separator in _SEPARATORS:
        head, found, tail = folded.partition(separator)
        head = head.strip(_TRAILING)
        if found and head in sign_offs() and _NUMBER_FIRST.match(tail):
            return "", False
        if found and len(tail.split()) <= 4 and head in sign_offs():
            return head, bool(tail.strip(_TRAILING))
    return _sign_off_and_name(bare, folded)


def _sign_off_and_name(bare: str, folded: str) -> tuple[str, bool]:
    """Reads 'Best regards Ann Example': at least two words of a sign-off, then only capitalised words."""
    words, spoken = folded.split(), bare.split()
    for size in (1, 2, 3):
        if len(words) - size < 2:
            break
        head = " ".join(words[:-size]).strip(_TRAILING)
        if head in sign_offs() and all(word[:1].isupper() for word in spoken[-size:]):
            return head, True
    return "", False


_NAME_SIGNS = frozenset(" .'’-\u200c\u200d")


def is_full_name(bare: str) -> bool:
    """Whether these words may be a name: few, capitalised if the script has capitals, only letters and their marks."""
    words = bare.split()
    if not 1 <= len(words) <= 4 or len(bare) > 40 or bare[-1] in ".-":
        return False
    return all(map(_is_of_names, bare)) and not is_small(words[0]) and not is_small(words[-1])


def _is_of_names(sign: str) -> bool:
    return sign.isalpha() or sign in _NAME_SIGNS or unicodedata.category(sign) in {"Mn", "Mc"}


def is_small(word: str) -> bool:
    """Whether a word begins with a lower-case letter of a script with both cases.  Georgian capitals exist but are not used."""
    return word[0] != word[0].title()


def is_named(bare: str, author: str) -> bool:
    """Whether the line is the author's name, a first part of it, or the name with a title."""
    name, words = _name_words(author), folded_words(bare)
    if not words or not name or len(words) > 6:
        return False
    return set(words) <= set(name) or words == name[: len(words)] or (len(name) > 1 and set(name) <= set(words))


@lru_cache(maxsize=64)
def _name_words(author: str) -> list[str]:
    return folded_words(author)


def folded_words(text: str) -> list[str]:
    """The words of the text, folded for comparison, without outer punctuation."""
    return fold_phrase(text.replace(",", " ").strip(_TRAILING)).split()


_PHONE = re.compile(
    r"(?:\+\d|\(\+?\d)[\d\s()./-]{5,}\d"
    r"|\b(?:t|m|f|p|d)[*.:)]+\s?[+(\d][\d\s()./-]{5,}"
    r"|(?:\b(?:tel|tél|mob|fax|fon|phone|cell|direct|office|handy|gsm|móvil)|тел|моб|факс|電話|电话|전화)\w{0,6}[\s*.:：)]{1,4}[+(\d][\d\s()./-]{5,}",
    re.IGNORECASE,
)
_MAILBOX = re.compile(r"[^\s<>@|]+@[^\s<>@|]+\.\w{2,}")
_SITE = re.compile(r"\bwww\.|https?://", re.IGNORECASE)


def count_contacts(lines: list[TextLine], places: list[int]) -> tuple[int, int]:
    """The number of telephone numbers and addresses in these lines, and the number of web sites."""
    bares = [lines[place].bare for place in places]
    return sum(len(_PHONE.findall(bare)) + len(_MAILBOX.findall(bare)) for bare in bares), sum(len(_SITE.findall(bare)) for bare in bares)


def says_something(bare: str) -> bool:
    """Whether a line below a sign-off is addressed to the reader.  Slogans ask nothing and are short; addresses end without a full stop."""
    if is_link(bare) or is_legal(bare):
        return False
    return bare.endswith(("?", "？")) or (bare.endswith((".", "!", "。")) and len(bare.split()) >= _LONG_SENTENCE)


def is_link(bare: str) -> bool:
    """Whether the line contains a link or an image."""
    return "://" in bare or "www." in bare or "cid:" in bare


def is_name(bare: str) -> bool:
    """Whether the line may be a name: one to five words that form no sentence."""
    words = bare.strip(_TRAILING).split()
    return 1 <= len(words) <= 5 and len(bare) <= 40 and not SENTENCE.search(bare.rstrip(".")) and bare[-1] not in "?:"


def legal_languages(text: str) -> list[str]:
    """The language of each disclaimer phrase in the text."""
    phrases, languages = disclaimers()
    return [languages[place] for place in phrases.matches(fold_phrase(text))]


def is_legal(bare: str) -> bool:
    """Whether the line contains a disclaimer phrase."""
    return bool(legal_languages(bare))
