"""The words of all languages in tables.  An agent may write in any of the languages; where two differ, the agent's own has priority."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from mailbridge.config.suggest import nearest
from mailbridge.mail_commands.locales import LOCALES, Locale, Word

Phrases = Mapping[tuple[str, ...], str]
V = TypeVar("V")
_SPLIT = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Normalised words of all languages -> meaning.  Phrases are tuples of words."""

    words: Mapping[str, str]  # name of a command -> the English one
    weekdays: Mapping[str, int]
    months: Mapping[str, int]
    days: Mapping[tuple[str, ...], int]
    next_week: tuple[tuple[str, ...], ...]
    noon: frozenset[str]
    am: frozenset[str]
    pm: frozenset[str]
    units: Mapping[str, str]  # 'm', 'h', 'd', 'w' or 'mo'
    one: frozenset[str]
    ahead: frozenset[str]
    at: frozenset[str]
    fillers: frozenset[str]
    none: frozenset[str]
    me: frozenset[str]
    into: frozenset[str]
    also: frozenset[str]
    km: frozenset[str]
    billable: Mapping[tuple[str, ...], bool]
    relations: Phrases
    priorities: Phrases
    lists: Phrases
    channels: Phrases
    parts: Mapping[str, str]  # of what is known of a customer -> the English word
    keys: Mapping[str, str]  # of customers.yaml
    yes: frozenset[str]
    no: frozenset[str]


def fold(text: str) -> str:
    """Lower case without diacritics: 'Mâine' is 'maine', 'Ё' is 'е'.  Similar characters of other scripts stay different."""
    if text.isascii():
        return text.lower()
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char)).casefold()


def tokens(text: str) -> list[str]:
    """The words of an argument, normalised; commas and semicolons separate words, too."""
    return [token for token in _SPLIT.split(fold(text)) if token]


def word_in(language: str, word: str) -> Word:
    """The entry of this language for a command, else the English one."""
    return LOCALES.get(language, LOCALES["en"]).words.get(word) or LOCALES["en"].words[word]


@cache
def vocabulary(language: str) -> Vocabulary:
    """The tables for an author of this language."""
    locales = [*(t for t in LOCALES.values() if t.code != language), *(t for t in LOCALES.values() if t.code == language)]
    units = {"m": "minutes", "h": "hours", "d": "units_of_days", "w": "weeks", "mo": "units_of_months"}
    return Vocabulary(
        words=_joined((word.names, name) for t in locales for name, word in t.words.items()) | {name: name for name in LOCALES["en"].words},
        weekdays=_joined((names, number) for t in locales for number, names in enumerate(t.weekdays)),
        months=_joined((names, number) for t in locales for number, names in enumerate(t.months, start=1)),
        days=_phrases((names, number) for t in locales for number, names in t.days.items()),
        next_week=tuple(_phrases((t.next_week, 0) for t in locales)),
        noon=_set(locales, "noon"),
        am=_set(locales, "am"),
        pm=_set(locales, "pm"),
        units=_joined((getattr(t, names), unit) for t in locales for unit, names in units.items()),
        one=_set(locales, "one"),
        ahead=_set(locales, "ahead"),
        at=_set(locales, "at"),
        fillers=_set(locales, "fillers"),
        none=_set(locales, "none"),
        me=_set(locales, "me"),
        into=_set(locales, "into"),
        also=_set(locales, "also"),
        km=_set(locales, "km"),
        billable=_phrases((names, value) for t in locales for names, value in ((t.billable, True), (t.not_billable, False))),
        relations=_named(t.relations for t in locales),
        priorities=_named(_by_word(t.priorities) for t in locales),
        lists=_named(t.lists for t in locales),
        channels=_named(_by_word(t.channels) for t in locales),
        parts=_joined((names, part) for t in locales for part, names in t.parts.items()),
        keys=_joined((names, key) for t in locales for key, names in t.keys.items()),
        yes=_set(locales, "yes"),
        no=_set(locales, "no"),
    )


@cache
def time_words(language: str) -> tuple[str, ...]:
    """Every word of dates and durations with at least three letters, for corrections."""
    known = vocabulary(language)
    phrases = (word for phrase in (*known.days, *known.next_week) for word in phrase)
    words = (*known.weekdays, *known.months, *phrases, *known.noon, *known.units, *known.ahead, *known.none)
    return tuple(dict.fromkeys(word for word in words if len(word) > 2))


def near_phrase(text: str, language: str, field: str) -> str:
    """The phrase of the table `field` ("priorities", "lists", "channels") that was probably meant, in the language in which it was written;
    of equally near ones that of the author.  '' where none is near."""
    own = [locale for locale in LOCALES.values() if locale.code == language]
    tables = [getattr(locale, field) for locale in (*own, *(locale for locale in LOCALES.values() if locale not in own))]
    blank = "," if field == "lists" else None  # only names of lists have blanks
    phrases = (phrase.strip() for table in tables for names in table.values() for phrase in names.split(blank))
    known: dict[str, str] = {}
    for phrase in (*phrases, *(name for table in tables for name in table)):
        known.setdefault(fold(phrase), phrase)
    return known.get(nearest(fold(text), known), "")


def _joined(pairs: Iterable[tuple[str, V]]) -> dict[str, V]:
    return {fold(name): value for names, value in pairs for name in names.split()}


def _phrases(pairs: Iterable[tuple[str, V]]) -> dict[tuple[str, ...], V]:
    """The longest phrases first, because the first match counts."""
    found = _parted(pairs)
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def _parted(pairs: Iterable[tuple[str, V]]) -> dict[tuple[str, ...], V]:
    return {tuple(fold(phrase).split()): value for phrases, value in pairs for phrase in phrases.split(",") if phrase.strip()}


def _named(tables: Iterable[Mapping[str, str]]) -> dict[tuple[str, ...], str]:
    return _phrases((phrases, name) for table in tables for name, phrases in table.items())


def _by_word(table: Mapping[str, str]) -> dict[str, str]:
    return {name: ",".join([name, *words.split()]) for name, words in table.items()}


def _set(locales: Iterable[Locale], field: str) -> frozenset[str]:
    return frozenset(fold(word) for locale in locales for word in str(getattr(locale, field)).split())
