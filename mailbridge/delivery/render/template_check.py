"""Every mistake in templates and catalogues, found by rendering each mail and by reading each sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import chain
from pathlib import Path

from jinja2 import TemplateError

from mailbridge.delivery.render.catalogues import DOMAIN, read_file, shipped_languages, shipped_po
from mailbridge.delivery.render.messages import SourceMessage, placeholders, sentences_of, shipped_messages
from mailbridge.delivery.render.po import BadCatalogue, PoEntry
from mailbridge.delivery.render.render import Renderer, TemplateFailed
from mailbridge.delivery.render.samples import sample_notification, sample_views
from mailbridge.delivery.render.template_files import instead_of
from mailbridge.errors import Problem
from mailbridge.notifications.model import Audience


def check(folders: Sequence[Path]) -> tuple[Problem, ...]:
    """Every mistake in the templates of these folders, found by rendering each one with full and with bare sample views."""
    renderer = Renderer(folders)
    return _mistakes(renderer, renderer.names())


def check_own(own: Path, shipped: Path) -> tuple[Problem, ...]:
    """Every mistake in the mails that a desk's own templates take part in: all mails where it has a part, which any of them may use."""
    files = {str(file.relative_to(own)).removesuffix(".j2").removesuffix(".txt").removesuffix(".html") for file in own.rglob("*.j2")}
    renderer = Renderer((own, shipped))
    names = renderer.names()
    events = {f"mail/{event}" for event in renderer.events()}
    if not files:
        return ()
    concerned = [name for name in names if name in files or f"mail/{name.rpartition('/')[2]}" in files]
    return _mistakes(renderer, concerned if files <= {*names, *events} else names)


def catalogue_problems(shipped: Path, own: Path | None = None) -> tuple[Problem, ...]:
    """Messages that a catalogue lacks or has as fuzzy (warnings: mails say them in English), and translations with other values than the
    message.  Of the shipped catalogues and of the desk's own."""
    messages = {(message.context, message.id): message for message in shipped_messages(shipped)}
    found = [problem for language in sorted(shipped_languages()) for problem in _shipped_problems(language, messages)]
    if own is not None and own.is_dir():
        said = {(message.context, message.id): message for message in _sentences(own)}
        for file in sorted(own.glob(f"locales/*/{DOMAIN}.po")):
            found += _own_problems(file, file.relative_to(own).as_posix(), {**messages, **said})
    return tuple(found)


def _sentences(own: Path) -> Iterator[SourceMessage]:
    """Those of the desk's own templates, none where one of them cannot be read: `check_own` names that."""
    try:
        yield from list(sentences_of(own))
    except (TemplateError, UnicodeDecodeError):
        return


def outdated(own: Path) -> Iterator[Problem]:
    """The desk's own templates in the form of before, with what to write instead."""
    for file in sorted(own.glob("mail/**/*.j2")):
        name = file.relative_to(own).as_posix()
        instead = instead_of(name)
        if instead:
            message = "this form of templates works in this release and no longer in the next one"
            yield Problem(file=name, message=message, hint=f"write {instead}: docs/manual/templates.md says how", warning=True)


def _shipped_problems(language: str, messages: Mapping[tuple[str, str], SourceMessage]) -> Iterator[Problem]:
    po, file = shipped_po(language), f"locales/{language}/LC_MESSAGES/{DOMAIN}.po"
    there = {(entry.context, entry.id): entry for entry in po.entries}
    for key, message in messages.items():
        entry = there.get(key)
        if entry is None:
            yield _missing(file, 0, message)
        else:
            yield from _entry_problems(file, entry, message, po.forms)


def _own_problems(file: Path, name: str, messages: Mapping[tuple[str, str], SourceMessage]) -> Iterator[Problem]:
    try:
        po = read_file(file)
    except BadCatalogue as error:
        yield Problem(file=name, line=error.line, message=str(error))
        return
    for entry in po.entries:
        message = messages.get((entry.context, entry.id))
        if message is None:
            near = get_close_matches(entry.id, [key[1] for key in messages], n=1)
            hint = f'did you mean "{near[0]}"?' if near else "the sentences stand in the templates"
            yield Problem(file=name, line=entry.line, message=f'no mail says "{entry.id}"', hint=hint, warning=True)
        else:
            yield from _entry_problems(name, entry, message, po.forms)


def _entry_problems(file: str, entry: PoEntry, message: SourceMessage, forms: int) -> Iterator[Problem]:
    if not all(entry.strings) or len(entry.strings) != (forms if message.plural else 1):
        yield _missing(file, entry.line, message)
    elif entry.fuzzy:
        yield Problem(file=file, line=entry.line, message=f'fuzzy, so not used: "{message.id}"', hint="delete the flag", warning=True)
    wanted = placeholders(message.id) | placeholders(message.plural)
    for text in entry.strings:
        if unknown := sorted(placeholders(text) - wanted):
            hint = f"the message has {', '.join(sorted(wanted)) or 'none'}"
            yield Problem(file=file, line=entry.line, message=f'unknown value {", ".join(unknown)} in "{text}"', hint=hint)
        if text and (lost := sorted(wanted - placeholders(text))) and not message.plural:
            yield Problem(file=file, line=entry.line, message=f'{", ".join(lost)} is missing in "{text}"', warning=True)


def _missing(file: str, line: int, message: SourceMessage) -> Problem:
    context = f" ({message.context})" if message.context else ""
    return Problem(file=file, line=line, message=f'not translated: "{message.id}"{context}', hint=f"in {message.file}", warning=True)


def _mistakes(renderer: Renderer, names: Sequence[str]) -> tuple[Problem, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(_problems(renderer, name) for name in names)))


def _problems(renderer: Renderer, name: str) -> Iterator[Problem]:
    language, _, rest = name.removeprefix("mail/").partition("/")
    audience, _, event = rest.partition(".")
    if audience not in set(Audience):
        yield Problem(file=f"{name}.txt.j2", message=f'"{audience}" is nobody we write to', hint=f"one of {', '.join(Audience)}")
        return
    for view in sample_views(audience, event):
        try:
            renderer.render(sample_notification(Audience(audience), event, language), view)
        except TemplateFailed as failure:
            yield Problem(file=failure.file, line=failure.line, message=failure.what)
