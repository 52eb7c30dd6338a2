"""The messages that catalogues translate: the sentences of templates, and the shared words."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2.ext import extract_from_ast

from mailbridge.delivery.render.render import environment
from mailbridge.delivery.render.template_files import BodyPart
from mailbridge.delivery.render.words import WORDS

_FUNCTIONS = ("_", "gettext", "ngettext", "pgettext")
_NAMED = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMessage:
    """A message with the place where it is said.  `plural` is '' where no number decides the form."""

    id: str
    plural: str = ""
    context: str = ""
    file: str = ""
    line: int = 0


def shipped_messages(templates: Path) -> tuple[SourceMessage, ...]:
    """Every message that the catalogues of mailbridge translate, once: the shared words, and the sentences of the shipped templates."""
    found: dict[tuple[str, str], SourceMessage] = {}
    for message in (*shared_words(), *sentences_of(templates)):
        found.setdefault((message.context, message.id), message)
    return tuple(found.values())


def shared_words() -> tuple[SourceMessage, ...]:
    """The texts of `words.WORDS`, each with the name of its table as context."""
    return tuple(dict.fromkeys(source for name, value in WORDS.items() for source in _texts(value, name)))


def _texts(value: object, context: str) -> Iterator[SourceMessage]:
    match value:
        case str():
            if value:
                yield SourceMessage(id=value, context=context, file="words.py")
        case (str() as one, str() as many) if context == "counts":
            yield SourceMessage(id=one, plural=many, context=context, file="words.py")
        case Mapping():
            for each in value.values():
                yield from _texts(each, context)
        case Sequence():
            for each in value:
                yield from _texts(each, context)


def sentences_of(folder: Path) -> Iterator[SourceMessage]:
    """The sentences of the templates in this folder.  Raises TemplateSyntaxError."""
    jinja = environment((folder,), BodyPart.TEXT)
    for file in sorted(folder.rglob("*.j2")):
        name = file.relative_to(folder).as_posix()
        tree = jinja.parse(file.read_text(encoding="utf-8"), name, str(file))
        for line, function, said in extract_from_ast(tree, _FUNCTIONS):
            texts = [text for text in (said if isinstance(said, tuple) else (said,)) if isinstance(text, str)]
            if texts:
                yield _source(function, texts, name, line)


def _source(function: str, texts: Sequence[str], file: str, line: int) -> SourceMessage:
    match function:
        case "ngettext":
            return SourceMessage(id=texts[0], plural=texts[1], file=file, line=line)
        case "pgettext":
            return SourceMessage(id=texts[1], context=texts[0], file=file, line=line)
        case _:
            return SourceMessage(id=texts[0], file=file, line=line)


def placeholders(text: str) -> frozenset[str]:
    """The values that a message shows, as `%(name)s` in sentences of templates and as `{name}` in shared words."""
    named = _NAMED.findall(text)
    try:
        braces = [] if named else [field for _, field, _, _ in string.Formatter().parse(text) if field]
    except ValueError:
        braces = []
    return frozenset([*named, *braces])
