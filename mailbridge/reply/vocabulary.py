"""The phrase tables of all languages, compiled for looking up lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from mailbridge.reply.linear import LinearPattern, PhraseSet, escaped
from mailbridge.reply.phrases import LANGUAGES, LanguagePhrases

_PLACEHOLDER = re.compile(r"(\{when\}|\{who\}|\{thing\})")
_WHEN, _WHO, _THING = "{when}", "{who}", "{thing}"
# Text that begins with its date has at most two words before the first digit: 'on Wed, 4 March', 'Wednesday, 4'.
_WHEN_FIRST = r"(?:[^\s:：]+\s+){0,2}[^\s:：]{0,6}\d.*"
_LONGEST_PREPOSITION = 4
_WHEN_LATER = r".*\d.*"


class HeaderRole(StrEnum):
    """The role of a copied header."""

    SENDER = "sender"
    DATE = "date"
    TO = "to"
    CC = "cc"
    SUBJECT = "subject"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One form of introduction of a quote in one language."""

    language: str
    pattern: str
    has_date: bool
    is_weak: bool  # only a date, a name and a preposition, as in '5 May 2021, 10:15 from Ann', which prose contains too
    first_word: str
    opens_with_word: bool  # not with a name or a date, which could include a line above


def fold_phrase(text: str) -> str:
    """The text normalised for look-up: lower case, one blank between words, no directional marks."""
    return " ".join(text.translate(_INVISIBLE).casefold().split())


# The typographic apostrophe equals the plain one: 'd’origine', 'iPhone’a'. Clients put marks of direction and width around addresses:
# U+200B-F, U+202A-E, U+2060, U+2066-9, U+FEFF, U+00AD. The Turkish capital dotted I folds to two code points, of which the second is no
# letter.
_DIRECTION = (0xAD, 0x2060, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
# Digits of other scripts are converted to ASCII digits: '١٠/٦/٢٠٢٥'.
_DIGITS = {code: str(unicodedata.decimal(chr(code))) for code in range(0x660, 0x10000) if chr(code).isdecimal()}
_INVISIBLE: dict[int, str | None] = {0x130: "i", 0x2019: "'", 0x2BC: "'"} | _DIGITS | dict.fromkeys(_DIRECTION)


@cache
def attributions() -> tuple[PhraseSet, tuple[Template, ...]]:
    """The pattern set of all introductions in all languages, and the template of each pattern."""
    templates = tuple(_template(language.code, phrase) for language in LANGUAGES for phrase in _introductions(language))
    return PhraseSet([template.pattern for template in templates]), templates


@cache
def opening_words() -> frozenset[str]:
    """The first words of introductions that begin with a word and contain a date: 'on', 'am', 'le'."""
    return frozenset(template.first_word for template in attributions()[1] if template.opens_with_word and template.has_date)


@cache
def date_marks() -> tuple[PhraseSet, tuple[str, ...]]:
    """The pattern set of date forms that only one of several similar languages uses, and the language of each."""
    rows = [(language.code, mark) for language in LANGUAGES for mark in language.date_marks]
    return PhraseSet([mark for _, mark in rows], anywhere=True), tuple(code for code, _ in rows)


@cache
def attribution_words() -> frozenset[str]:
    """All fixed words of introductions."""
    phrases = (fold_phrase(_PLACEHOLDER.sub(" ", phrase)) for language in LANGUAGES for phrase in language.attribution)
    return frozenset(word for phrase in phrases for word in phrase.split())


@cache
def prose_words() -> frozenset[str]:
    """Words that show a sentence, in their usual case.  No introduction in any language contains one."""
    return frozenset(word for language in LANGUAGES for word in language.prose) - attribution_words()


@cache
def closing_words() -> frozenset[str]:
    """The last words of introductions that end with a word, not with a date or a name."""
    folded = [fold_phrase(phrase) for language in LANGUAGES for phrase in language.attribution]
    return frozenset(phrase.split()[-1] for phrase in folded if not phrase.endswith("}"))


def _introductions(language: LanguagePhrases) -> tuple[str, ...]:
    """The language's phrases.  A phrase without a date ('{who} wrote') is also listed with one, in each order."""
    verbs = [phrase.removeprefix(_WHO).strip() for phrase in language.attribution if _WHEN not in phrase and phrase.startswith(_WHO)]
    orders = ("{when} {who} %s", "{when} %s {who}", "{who} %s {when}")
    formed = (order.replace("%s", verb) for verb in verbs if _WHO not in verb for order in orders)
    return tuple(dict.fromkeys((*language.attribution, *formed)))


def _template(code: str, phrase: str) -> Template:
    folded = fold_phrase(phrase)
    literal = _PLACEHOLDER.sub("", folded).strip()
    return Template(
        language=code,
        pattern=_as_pattern(folded),
        has_date=_WHEN in folded,
        is_weak=folded.endswith("}") and len(literal) <= _LONGEST_PREPOSITION and literal not in closing_words(),
        first_word=folded.partition(" ")[0],
        opens_with_word=not folded.startswith("{"),
    )


def _as_pattern(template: str) -> str:
    parts = [part for part in _PLACEHOLDER.split(template) if part.strip()]
    return "".join(_pieces(parts))


def _pieces(parts: list[str]) -> Iterator[str]:
    for place, part in enumerate(parts):
        match part:
            case "{when}":
                yield _WHEN_FIRST if place == 0 else _WHEN_LATER
            case "{who}" | "{thing}":
                yield r"[^:：\s].*"
            case literal:
                yield _literal(literal, glued=place == 0 and len(parts) > 1)


def _literal(text: str, *, glued: bool) -> str:
    """The pattern for a fixed part.  The opening word of a phrase must be a separate word if the script separates words."""
    words = r"\s+".join(escaped(word) for word in text.split())
    before, after = (r"\s*", r"\s*")
    if glued and text.isascii():
        return rf"{words}[\s,:]+"
    return f"{before}{words}{after}"


@cache
def header_words() -> dict[str, tuple[HeaderRole, frozenset[str]]]:
    """Folded header word -> its role, and the languages that use it.  Of two roles the first language's counts."""
    found: dict[str, tuple[HeaderRole, frozenset[str]]] = {}
    for language in LANGUAGES:
        for role, words in _roles(language):
            for word in words:
                known_role, codes = found.get(fold_phrase(word), (role, frozenset()))
                found[fold_phrase(word)] = (known_role, codes | {language.code})
    return found


def _roles(language: LanguagePhrases) -> tuple[tuple[HeaderRole, tuple[str, ...]], ...]:
    return (
        (HeaderRole.SENDER, language.sender),
        (HeaderRole.DATE, language.date),
        (HeaderRole.TO, language.to),
        (HeaderRole.CC, language.cc),
        (HeaderRole.SUBJECT, language.subject),
        (HeaderRole.OTHER, language.other),
    )


def _by_phrase(rows: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for code, phrases in rows:
        for phrase in phrases:
            found.setdefault(fold_phrase(phrase).rstrip(" .,!:"), code)
    return found


@cache
def originals() -> dict[str, str]:
    """'original message' and similar phrases -> language."""
    return _by_phrase((language.code, language.original) for language in LANGUAGES)


@cache
def forward_marks() -> dict[str, str]:
    """'forwarded message' and similar phrases -> language."""
    return _by_phrase((language.code, language.forwarded) for language in LANGUAGES)


@cache
def sign_offs() -> dict[str, tuple[str, bool]]:
    """'best regards' and similar phrases -> (language, whether it can only be the end of a message)."""
    polite = _by_phrase((language.code, language.sign_offs) for language in LANGUAGES)
    thanks = _by_phrase((language.code, language.thanks) for language in LANGUAGES)
    return {phrase: (code, True) for phrase, code in polite.items()} | {phrase: (code, False) for phrase, code in thanks.items()}


@cache
def sign_off_openers() -> frozenset[str]:
    """The first words of all sign-offs."""
    return frozenset(word.strip(",.!") for phrase in sign_offs() for word in (phrase.split()[0], phrase.split()[0].partition(",")[0]))


@cache
def mobile_signatures() -> tuple[PhraseSet, tuple[tuple[str, str], ...]]:
    """The pattern set of lines with which apps sign, and (language, phrase) of each."""
    rows = tuple((language.code, fold_phrase(phrase)) for language in LANGUAGES for phrase in language.mobile)
    return PhraseSet([_as_pattern(phrase) for _, phrase in rows]), rows


@cache
def mobile_edges() -> tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]:
    """(first words of such lines, beginnings of those without blanks, endings of those that begin with the device's name)"""
    phrases = [fold_phrase(phrase) for language in LANGUAGES for phrase in language.mobile]
    opening = [phrase.partition("{")[0].strip() for phrase in phrases if not phrase.startswith("{")]
    words = frozenset(words.split()[0] for words in opening)
    glued = {words for words in opening if not words.isascii() and " " not in words}
    lasts = {phrase.rpartition("}")[2].split()[-1] for phrase in phrases if phrase.startswith("{") and not phrase.endswith("}")}
    return words, tuple(sorted(glued)), tuple(sorted(lasts))


@cache
def disclaimers() -> tuple[PhraseSet, tuple[str, ...]]:
    """The pattern set of disclaimer phrases, and the language of each."""
    rows = [(language.code, fold_phrase(phrase)) for language in LANGUAGES for phrase in language.disclaimers]
    return PhraseSet([escaped(phrase) for _, phrase in rows], anywhere=True), tuple(code for code, _ in rows)


@cache
def month_numbers() -> dict[str, int]:
    """Folded month name or abbreviation -> 1 to 12."""
    found: dict[str, int] = {}
    for language in LANGUAGES:
        for number, names in enumerate(language.months, start=1):
            for name in names.split():
                found.setdefault(fold_phrase(name), number)
    return found


@cache
def subject_prefixes() -> tuple[frozenset[str], frozenset[str]]:
    """The words before the colon in the subject of a reply, and of a forward."""
    replies = frozenset(fold_phrase(word) for language in LANGUAGES for word in language.reply_prefixes)
    forwards = frozenset(fold_phrase(word) for language in LANGUAGES for word in language.forward_prefixes)
    return replies - forwards, forwards


_YEAR = r"\b(?:19|20)\d\d\b"
_NUMERIC_DAY = r"(?:^|[^\d./-])\d{1,2}[./-] ?\d{1,2}[./-] ?\d{2,4}(?:[^\d]|$)"
# A full stop separates hours and minutes in Danish and Finnish.  Between other numbers it occurs in versions and network addresses.
_CLOCK = r"\d{1,2}[:h時시点]\s?\d{2}|(?:^|[^\d.])[0-2]?\d\.[0-5]\d(?:\.[0-5]\d)?(?:[^\d.]|\.$|$)|\d\s?(?:am|pm|a\.m|p\.m|uhr)\b"
_MONTHS = "|".join(sorted({escaped(name) for name in month_numbers() if not name[0].isdigit()}))
_NAMED_DAY = (
    rf"(?:^|\PL)(?:{_MONTHS})\.? \d{{1,2}}(?:\D|$)"
    rf"|(?:^|\D)\d{{1,2}}(?:st|nd|rd|th)?[.,]? (?:de |of )?(?:{_MONTHS})(?:\PL|$)"
    r"|\d[月월] ?\d"
)
DATE = LinearPattern(f"{_YEAR}|{_NUMERIC_DAY}|{_NAMED_DAY}")
TIME = LinearPattern(_CLOCK)
