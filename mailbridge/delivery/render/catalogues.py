"""The words of mails in each language, by gettext catalogues: `locales/<language>/LC_MESSAGES/mail.po`, compiled to `mail.mo`.

A message is named by its English text, and where the same text may need two translations also by a context.  English is in the
templates and in `words`.  A desk may change single messages, or add a language, by a file `locales/<language>/mail.po` in its folder of
templates, which is read as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, c2py
from pathlib import Path

from mailbridge.delivery.render.po import BadCatalogue, Po, read_po
from mailbridge.delivery.render.sentences import LOCALES
from mailbridge.delivery.render.words import WORDS
from mailbridge.ops import log as logs

log = logs.get("templates")

DOMAIN, LAST_LANGUAGE = "mail", "en"

Words = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A desk's own catalogue: its messages by context and English text."""

    messages: Mapping[tuple[str, str], tuple[str, ...]]
    form: Callable[[int], int]


class Catalogue:
    """The messages of one language: the desk's own before those that came with mailbridge, English where neither has one."""

    def __init__(self, language: str, shipped: GNUTranslations | None, own: Own | None) -> None:
        self.language, self._shipped, self._own = language, shipped, own
        self._words: Words | None = None

    def text(self, message: str, context: str = "") -> str:
        """The message in this language, else as it is."""
        if self._own is not None and (own := self._own.messages.get((context, message))):
            return own[0]
        if self._shipped is None:
            return message
        return self._shipped.pgettext(context, message) if context else self._shipped.gettext(message)

    def plural(self, one: str, many: str, count: int, context: str = "") -> str:
        """The form of the message for this number."""
        if self._own is not None and (own := self._own.messages.get((context, one))):
            return own[min(max(self._own.form(count), 0), len(own) - 1)]
        if self._shipped is None:
            return one if count == 1 else many
        if context:
            return self._shipped.npgettext(context, one, many, count)
        return self._shipped.ngettext(one, many, count)

    def words(self) -> Words:
        """`words.WORDS` in this language."""
        if self._words is None:
            self._words = {name: self._said(value, name) for name, value in WORDS.items()}
        return self._words

    def _said(self, value: object, context: str) -> object:
        match value:
            case str():
                return self.text(value, context) if value else ""
            case Mapping():
                return {key: self._said(each, context) for key, each in value.items()}
            case Sequence():
                return [self._said(each, context) for each in value]
        raise TypeError(f"words are texts, tables and lists, not {type(value).__name__}")


class Catalogues:
    """The catalogues of all languages.  A desk's own file counts from the next call on; safe to share between threads."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        """`folders`: of templates, the desk's first; those without a folder `locales` add nothing."""
        self._folders = tuple(folders)
        self._kept: dict[str, tuple[object, Catalogue]] = {}

    def languages(self) -> tuple[str, ...]:
        """English, and those with a catalogue."""
        own = {file.parent.name for folder in self._folders for file in folder.glob(f"locales/*/{DOMAIN}.po")}
        return tuple(sorted({LAST_LANGUAGE, *shipped_languages(), *own}))

    def has(self, language: str) -> bool:
        return language == LAST_LANGUAGE or language in shipped_languages() or self.own_file(language) is not None

    def of(self, language: str) -> Catalogue:
        """The words of a language.  An own file that cannot be read counts as none and is logged, because no mail waits for a translator;
        `mailbridge check` names its mistake."""
        file = self.own_file(language)
        stamp = (file, file.stat().st_mtime_ns) if file else None
        kept = self._kept.get(language)
        if kept is None or kept[0] != stamp:
            kept = stamp, Catalogue(language, _shipped(language), _readable(file) if file else None)
            self._kept[language] = kept
        return kept[1]

    def own_file(self, language: str) -> Path | None:
        """The desk's own catalogue of this language, where there is one."""
        files = (folder / "locales" / language / f"{DOMAIN}.po" for folder in self._folders)
        return next((file for file in files if file.is_file()), None)


def _readable(file: Path) -> Own | None:
    try:
        return _own(file)
    except BadCatalogue as error:
        log.error("catalogue_unreadable", file=str(file), line=error.line, mistake=str(error))
        return None


def read_file(file: Path) -> Po:
    """The messages of a `.po` file.  Raises BadCatalogue."""
    try:
        return read_po(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise BadCatalogue("this is no text in UTF-8", error.object[: error.start].count(b"\n") + 1) from None
    except OSError as error:
        raise BadCatalogue(f"it cannot be read: {error.strerror}", 0) from None


def _own(file: Path) -> Own:
    po = read_file(file)
    told = {(entry.context, entry.id): entry.strings for entry in po.entries if all(entry.strings) and not entry.fuzzy}
    return Own(messages=told, form=c2py(po.plural_rule))


@cache
def shipped_languages() -> frozenset[str]:
    """The languages beside English that came with mailbridge."""
    return frozenset(file.parent.parent.name for file in LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))


def shipped_po(language: str) -> Po:
    """What translators wrote.  Raises BadCatalogue."""
    return read_po((LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po").read_text(encoding="utf-8"))


@cache
def _shipped(language: str) -> GNUTranslations | None:
    if language not in shipped_languages():
        return None
    with (LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        return GNUTranslations(file)
