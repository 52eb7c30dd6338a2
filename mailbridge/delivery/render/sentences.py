"""A summary as a sentence of a language, by the catalogues in `locales`: one wording of each event for the terminal and for mails.

The catalogues are gettext's: `events.po` is edited, `make catalogues` compiles it to `events.mo`, which is read here.  A message is named
by the key of the summary, or by "key.variant".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache, lru_cache
from gettext import GNUTranslations
from pathlib import Path

from mailbridge.notifications.summary_model import Summary

DOMAIN, LAST_LANGUAGE = "events", "en"
LOCALES = Path(__file__).parent / "locales"


def sentence(summary: Summary, language: str, when: Callable[[datetime], str]) -> str:
    """What the summary says, in this language or else in English; of another ticket it begins with the number of that ticket."""
    text = _text(summary, language) or _text(summary, LAST_LANGUAGE) or summary.key
    said = text.format_map({**shown(summary, when), **_priorities(summary, language)})
    return f"{summary.on}: {said}" if summary.on else said


def shown(summary: Summary, when: Callable[[datetime], str]) -> dict[str, str]:
    """What stands for the placeholders of the sentence."""
    return {**summary.values, "at": when(summary.at) if summary.at else ""}


def _priorities(summary: Summary, language: str) -> dict[str, str]:
    """The priorities that the summary names, in this language."""
    if summary.key not in ("priority", "opened"):
        return {}
    named = {name: str(summary.values[name]) for name in ("priority", "before") if summary.values.get(name)}
    found = {name: _text(Summary(key="level", variant=value, values={}), language) for name, value in named.items()}
    return {name: text or named[name] for name, text in found.items()}


@cache
def languages() -> tuple[str, ...]:
    """The languages that have a catalogue."""
    return tuple(sorted(file.parent.parent.name for file in LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")))


def _text(summary: Summary, language: str) -> str:
    """The message for the variant, else that for the key; '' where there is none."""
    catalogue = _catalogue(language.partition("-")[0].lower())
    if catalogue is None:
        return ""
    for name in (f"{summary.key}.{summary.variant}", summary.key) if summary.variant else (summary.key,):
        found = catalogue.gettext(name) if summary.count is None else catalogue.ngettext(name, name, summary.count)
        if found != name:
            return found
    return ""


@lru_cache(maxsize=64)
def _catalogue(language: str) -> GNUTranslations | None:
    if language not in languages():
        return None
    with (LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        return GNUTranslations(file)
