"""Compares the plain part of a mail with its HTML part: finds plain parts that are empty or only refer to the HTML."""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 600  # characters of a text that replaces the HTML
_LEAST_SHARED = 0.34  # share of its words that a true alternative has in common with the HTML

# Characters that are displayed as nothing although they are not white space (Unicode: default ignorable, or blank by design).
_INVISIBLE = frozenset("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\ufeff\uffa0\ufffc")
# Subjects of such texts in any language: HTML, a browser, a mail program, a web address.
_TELLING = re.compile(
    r"html|https?://|www\.|browser|navigateur|navegador|navigatore|prohl[ií]že[cč]|prehliada[cč]|przegl[ąa]dar|браузер|ブラウザ"
    r"|浏览器|瀏覽器|mail[ -]?(?:client|program|reader|app)|plain text|text version|nur-?text|texte brut|texto (?:plano|simple)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")
_LINK = re.compile(r"(?:https?://|www\.)\S+")


def is_blank(text: str) -> bool:
    """Whether `text` is only white space and invisible characters."""
    if not text or text.isspace():
        return True
    sample = text[:_LONGEST]
    return not any(_is_seen(char) for char in sample) and not any(_is_seen(char) for char in text[_LONGEST:])


def _is_seen(char: str) -> bool:
    return not (char.isspace() or char in _INVISIBLE or (char > "\x7f" and unicodedata.category(char) in {"Cf", "Zs", "Mn"}) or char < " ")


def may_stand_for_html(plain: str) -> bool:
    """Whether `plain` is short and mentions a program or page that shows HTML, so that a comparison with the HTML is worthwhile."""
    return len(plain) <= _LONGEST and _TELLING.search(plain) is not None


def stands_for(plain: str, shown: str) -> bool:
    """Whether `plain` is a note in place of `shown` (the HTML as text): it shares few words with it."""
    ours, theirs = _words(plain), _words(shown)
    if not theirs or len(theirs) < 3:
        return False
    return not ours or len(ours & theirs) / len(ours) < _LEAST_SHARED


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(_LINK.sub(" ", text[:20_000])) if not word.isdigit()}
