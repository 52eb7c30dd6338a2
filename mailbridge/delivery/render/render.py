"""Notifications become words: one Jinja2 template for each event, read once for text and once for HTML.

    templates/mail/<audience>.<event>.j2     blocks `subject`, `preview`, `message`; its sentences are messages of the catalogues
    templates/mail/parts.txt.j2, .html.j2    paragraphs, tables, quotes and buttons: how each looks as text and as HTML
    templates/mail/layout.txt.j2, .html.j2   what all mails share; the text one is run twice, for `part` "subject" and for "text"

A desk's own folder comes before the shipped one, file by file (`template_files`).  Templates are operators' code, like a configuration
file: the sandbox keeps what is *in* a mail from reaching anything, and caps on output and time keep a slip from filling the disk, but
nobody who may write templates is held back by them.  The text of a mail is only ever a value, never a template.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from itertools import chain
from pathlib import Path, PurePosixPath
from time import monotonic, thread_time
from traceback import walk_tb

from jinja2 import StrictUndefined, Template, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from mailbridge.config.suggest import did_you_mean
from mailbridge.delivery.render.catalogues import LAST_LANGUAGE, Catalogue, Catalogues, Words
from mailbridge.delivery.render.filters import FILTERS, answer, fill, mailto, one_line, topic
from mailbridge.delivery.render.plain_tables import with_columns
from mailbridge.delivery.render.sample_values import VOCABULARY
from mailbridge.delivery.render.template_context import DeskView, HistoryEntry, TemplateContext, TicketView, VerdictView
from mailbridge.delivery.render.template_files import BodyPart, TemplateFiles
from mailbridge.delivery.render.translation import Translation
from mailbridge.errors import Permanent
from mailbridge.execution.customer_card import CustomerCard, EarlierTicket
from mailbridge.execution.solved_answers import SolvedAnswer
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.collected import Changes
from mailbridge.notifications.payloads.knowledge import ArticleRow, ArticleSent
from mailbridge.notifications.payloads.model import Payload
from mailbridge.notifications.payloads.reports import HourStatement
from mailbridge.notifications.payloads.tickets import Received, ReceivedTogether
from mailbridge.organisation.opening_hours import OpeningHours
from mailbridge.tickets.hours.view import HoursView

__all__ = [
    "DeskView", "HistoryEntry", "Renderer", "TemplateFailed", "TicketView", "TemplateContext", "Worded", "guarded", "shipped_templates",
    "without_template",
]  # fmt: skip

MAX_OUTPUT = 1 << 20
MAX_SECONDS = 2.0

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_VALUES = frozenset(
    {CustomerCard, DeskView, EarlierTicket, HistoryEntry, HoursView, OpeningHours, SolvedAnswer, TicketView, VerdictView}
)
_NO_ATTRIBUTE = re.compile(r"'(?:[\w.]+\.)?(\w+)(?: object)?' has no attribute '(\w+)'")
_VIEWS: Mapping[str, type[TicketView | DeskView | HistoryEntry]] = {
    "TicketView": TicketView,
    "DeskView": DeskView,
    "HistoryEntry": HistoryEntry,
}
_PARTS = re.compile(r"/parts\.(?:txt|html)\.j2$")
_EVENT = re.compile(r"[a-z0-9_]{1,60}")
_EVENT_FILE = re.compile(r"[a-z]+\.(?!(?:txt|html)\.)[a-z0-9_]{1,60}\.j2")


class TemplateFailed(Permanent):
    """A template cannot be used: `file` and `line` say where, `what` says why."""

    def __init__(self, what: str, *, file: str, line: int = 0) -> None:
        super().__init__(what, template=f"{file}:{line}" if line else file)
        self.file = file
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """A notification in words.  `subject` is one line; `html` is '' where no template gives one."""

    subject: str
    text: str
    html: str = ""


def shipped_templates() -> Path:
    """The folder of templates that came with mailbridge: inside the package, or below it in a checkout."""
    package = Path(__file__).resolve().parent.parent.parent
    inside = package / "shipped" / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def guarded(notification: Notification, view: TemplateContext) -> tuple[Notification, TemplateContext]:
    """The same, without a word of a stranger's where a robot writes to somebody whose address nobody has proven.

    Anybody can put a victim's address in From; what we send there by ourselves must not carry the attacker's text, subject or name.
    """
    stranger = view.ticket is None or not view.ticket.verified
    if notification.audience is not Audience.CUSTOMER or not notification.automatic or not stranger:
        return notification, view
    ticket = view.ticket and _silenced(view.ticket)
    silent = TemplateContext(desk=view.desk, ticket=ticket, encrypted=view.encrypted, opening=view.opening, now=view.now, zone=view.zone)
    return replace(notification, name="", payload=_own_words(notification.payload)), silent


def _own_words(payload: Payload | None) -> Payload | None:
    """What of the values is the desk's own word: how long answers take, the numbers of requests, names of events, the titles of articles.

    Also the statement of an hour bank: the desk's own files or an administrator name its recipient, and no sender's words are in it.
    Also an article that was asked for by the signed address.  The texts of suggested articles stay away: who asks for one has shown to
    read the mailbox.
    """
    match payload:
        case ArticleSent():
            return payload
        case Changes() | HourStatement():
            return payload
        case Received():
            return replace(payload, estimate=None, articles=_titles(payload.articles), start=_titles(payload.start))
        case ReceivedTogether(rows=rows):
            return replace(payload, rows=tuple(replace(row, subject="") for row in rows))
    return None


def _titles(rows: Iterable[ArticleRow]) -> tuple[ArticleRow, ...]:
    return tuple(ArticleRow(number=row.number, title=row.title) for row in rows)


def _silenced(ticket: TicketView) -> TicketView:
    """Without the requester's words; what the ticket was opened about stays in the subject once an agent has answered with it."""
    return replace(ticket, subject="", opened_as=ticket.opened_as if ticket.answered else "", requester_name="", requester_address="")


def without_template(notification: Notification, view: TemplateContext, failure: TemplateFailed) -> Worded:
    """What the mail had to say, in words that need no template: for people of the desk, who must hear of it whatever is broken."""
    ticket = view.ticket
    subject = f"[{ticket.number}] {topic(ticket)}" if ticket else f"{view.desk.name}: {notification.event}"
    facts = {
        "what": f"{notification.audience}.{notification.event}",
        "ticket": ticket.number if ticket else "",
        "from": f"{ticket.requester_name} {ticket.requester_address}".strip() if ticket else "",
        **notification.values,
    }
    told = "\n".join(f"{name}: {value}" for name, value in facts.items() if value and isinstance(value, str))
    broken = f"This mail is plain because its template is broken. Please tell your administrator:\n    {failure}"
    return Worded(subject=one_line(subject), text="\n\n".join(part for part in (told, view.text, broken) if part) + "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTemplates:
    """The templates of a mail in a language; `html` is '' where there is none."""

    language: str
    text: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageWords:
    """What templates say in a language: its catalogue, the words of a words.j2 of before, and all shared words with those before them."""

    catalogue: Catalogue
    own: Words
    all: Words


class Renderer:
    """Words notifications.  Safe to share between threads; a template edited on disk is used from the next look at the files on."""

    def __init__(self, folders: Sequence[Path], *, language: str = LAST_LANGUAGE, look_every: float = 0.0) -> None:
        """`folders`: the desk's templates first, the shipped ones last.  `language`: the desk's own.  `look_every`: seconds after which
        a mail looks at the files again; 0: each mail does, which takes 40 to 70 questions to the file system."""
        self.folders = tuple(folders)
        self.catalogues = Catalogues(self.folders)
        self._language = language
        self._files = TemplateFiles(self.folders, BodyPart.TEXT)
        self._jinja = {kind: environment(self.folders, kind) for kind in BodyPart}
        self._macros: dict[BodyPart, tuple[Template, Mapping[str, object]]] = {}
        self._look_every, self._look_at = look_every, 0.0
        self._found: dict[tuple[str, str], FoundTemplates] = {}  # since the last look, as are the words
        self._said: dict[str, LanguageWords] = {}

    def render(self, notification: Notification, view: TemplateContext) -> Worded:
        """The mail's words: in the wanted language, else the desk's, else English.  Raises TemplateFailed with file and line."""
        self._look()
        found = self._templates(f"{notification.audience}.{notification.template or notification.event}", notification.language)
        with _failures(found.text, self.folders):
            context = self._context(notification, view, found.language)
            reading = self._reading(BodyPart.TEXT, context, found.language)
            template = self._jinja[BodyPart.TEXT].get_template(found.text)
            subject = one_line("".join(_capped(template.generate(reading, part="subject"))))
            if not subject:
                raise TemplateFailed("the subject is empty: fill the block named subject", file=found.text)
            text = _tidy(with_columns("".join(_capped(template.generate(reading, part="text")))))
        if not found.html:
            return Worded(subject=subject, text=text)
        with _failures(found.html, self.folders):
            reading = self._reading(BodyPart.HTML, context, found.language)
            html = "".join(_capped(self._jinja[BodyPart.HTML].get_template(found.html).generate(reading))).strip()
        return Worded(subject=subject, text=text, html=html)

    def markers(self) -> tuple[str, ...]:
        """The line "write above this line" in every language there is; what stands below it in an answer is ours."""
        self._look()
        return tuple(dict.fromkeys(str(self._words(language).all["marker"]) for language in self.languages()))

    def languages(self) -> tuple[str, ...]:
        """Those with a catalogue, and those for which the desk has a words.j2 of before."""
        before = {PurePosixPath(name).parent.name for name in self._files.list_templates() if re.fullmatch(r"mail/[^/]+/words\.j2", name)}
        return tuple(sorted({*self.catalogues.languages(), *before}))

    def events(self) -> tuple[str, ...]:
        """Every mail with one template for all languages, as "customer.received"."""
        names = (PurePosixPath(name) for name in self._files.list_templates())
        return tuple(sorted({path.name[:-3] for path in names if len(path.parts) == 2 and _EVENT_FILE.fullmatch(path.name)}))

    def names(self) -> tuple[str, ...]:
        """Every mail in every language, as "mail/en/customer.received"; the desk's own in the form of before among them."""
        suffix = ".txt.j2"
        paths = (PurePosixPath(name) for name in self._files.list_templates() if name.endswith(suffix))
        before = {str(p)[: -len(suffix)] for p in paths if len(p.parts) == 3 and p.parts[0] == "mail" and p.name[0] != "_"}
        now = {f"mail/{language}/{event}" for language in self.catalogues.languages() for event in self.events()}
        return tuple(sorted(before | now))

    def _look(self) -> None:
        """Takes the files as they are now, where the last look is long enough ago."""
        now = monotonic()
        if now < self._look_at:
            return
        self._look_at = now + self._look_every
        for jinja in self._jinja.values():
            if jinja.files.look_again() and jinja.cache is not None:
                jinja.cache.clear()
        self._found, self._said = {}, {}

    def _templates(self, name: str, wanted: str) -> FoundTemplates:
        """As `_find`, once for each look at the files."""
        key, found = (name, wanted), self._found
        if key not in found:
            found[key] = self._find(name, wanted)
        return found[key]

    def _find(self, name: str, wanted: str) -> FoundTemplates:
        """In the first language that there is."""
        if not _EVENT.fullmatch(name.partition(".")[2]):
            raise TemplateFailed("this is no name of an event", file=f"mail/{name[:80]!r}")
        one = f"mail/{name}.j2" if self._files.holds(f"mail/{name}.j2") else ""
        for language in _fallbacks(wanted, self._language, LAST_LANGUAGE):
            text, html = f"mail/{language}/{name}.txt.j2", f"mail/{language}/{name}.html.j2"
            if self._files.holds(text):
                return FoundTemplates(language=language, text=text, html=html if self._files.holds(html) else one)
            if one and self.catalogues.has(language):
                return FoundTemplates(language=language, text=one, html=html if self._files.holds(html) else one)
        raise TemplateFailed("there is no such template in any language", file=f"mail/{name}.j2")

    def _reading(self, kind: BodyPart, context: dict[str, object], language: str) -> dict[str, object]:
        """What the templates see in this reading of the mail: with the parts that know how to look in it."""
        functions = Translation(self._words(language).catalogue, escapes=kind is BodyPart.HTML).functions()
        return {**context, **functions, "plain": kind is BodyPart.TEXT, "layout": f"mail/layout.{kind}.j2", **self._parts(kind)}

    def _parts(self, kind: BodyPart) -> Mapping[str, object]:
        """The macros of parts.txt.j2 or parts.html.j2.  They see their arguments alone, so they are made once."""
        template = self._jinja[kind].get_template(f"mail/parts.{kind}.j2")
        known = self._macros.get(kind)
        if known is None or known[0] is not template:
            macros = {name: part for name, part in vars(template.module).items() if not name.startswith("_")}
            known = self._macros[kind] = (template, macros)
        return known[1]

    def _context(self, notification: Notification, view: TemplateContext, language: str) -> dict[str, object]:
        words = self._words(language)
        known = VOCABULARY.get(f"{notification.audience}.{notification.event}", {})
        context: dict[str, object] = {
            "desk": view.desk,
            "values": {**dict.fromkeys(known, ""), **notification.values, **view.values},
            "text": view.text,
            # The one place where HTML that is not ours goes in unescaped: `View.html` is the sanitised copy of a message.
            "html": Markup(view.html),  # noqa: S704
            "author": view.author,
            "verdict": view.verdict,
            "quoted": view.quoted,
            "history": view.history,
            "files": view.files,
            "left_out": view.left_out,
            "renamed": view.renamed,
            "folded": view.folded,
            "encrypted": view.encrypted,
            "opened": view.opened,
            "below": view.below,
            "cut": view.cut,
            "message": view.message,
            "subject": view.subject,
            "carries": view.mail is not None,
            "whole": view.whole.text if view.whole else "",
            "whole_name": view.whole.name if view.whole else "",
            "mail_subject": view.mail_subject,
            "sent_at": view.sent_at,
            "by_other": view.by_other,
            "reply_marker": view.reply_marker,
            "invitations": view.invitations,
            "recipient_name": view.recipient_name,
            "reply_to": notification.reply_to or view.desk.address,
            "event": notification.event,
            "language": language,
            "zone": view.zone,
            "now": view.now,
            "internal": view.internal,
            "card": view.card,
            "solved": view.solved,
            "opening": view.opening,
            "words": words.all,
            "own_words": words.own,
            "catalogue": words.catalogue,
        }
        if view.ticket is not None:
            context["ticket"] = view.ticket
        return context

    def _words(self, language: str) -> LanguageWords:
        """What templates say in this language, read once for each look at the files."""
        said = self._said
        if language not in said:
            catalogue, own = self.catalogues.of(language), self._own_words(language)
            said[language] = LanguageWords(catalogue=catalogue, own=own, all={**catalogue.words(), **own})
        return said[language]

    def _own_words(self, language: str) -> Words:
        name = f"mail/{language}/words.j2"
        if not self._files.holds(name):
            return {}
        module = self._jinja[BodyPart.HTML].get_template(name).module
        return {name: value for name, value in vars(module).items() if not name.startswith("_")}


class TemplateEnvironment(ImmutableSandboxedEnvironment):
    """The sandbox of Jinja2.  It lets through at once what it lets through in any case: the public fields of our own values."""

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        if type(obj) in _VALUES and attr[:1] != "_":
            return True
        return super().is_safe_attribute(obj, attr, value)

    @property
    def files(self) -> TemplateFiles:
        assert isinstance(self.loader, TemplateFiles)  # noqa: S101  (environment() gives it no other)
        return self.loader


def environment(folders: Sequence[Path], kind: BodyPart) -> TemplateEnvironment:
    """Jinja2 for one reading of mails: in HTML every value is escaped, in text none."""
    jinja = TemplateEnvironment(
        loader=TemplateFiles(folders, kind),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        autoescape=kind is BodyPart.HTML,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        auto_reload=False,  # `Renderer` looks at the files and empties the cache
    )
    jinja.extend(newstyle_gettext=True)  # variables of a sentence are filled in by `translation`
    jinja.policies["ext.i18n.trimmed"] = True
    jinja.filters |= FILTERS
    jinja.globals |= {"mailto": mailto, "answer": answer, "fill": fill}
    return jinja


def _fallbacks(*languages: str) -> list[str]:
    """The languages in order, each followed by its plain form ('pt-BR', 'pt'); what is no language tag is left out."""
    tags = (language for language in languages if _LANGUAGE.fullmatch(language))
    return list(dict.fromkeys(chain.from_iterable((tag, tag.partition("-")[0]) for tag in tags)))


def _capped(pieces: Iterable[str]) -> Iterator[str]:
    size, limit = 0, thread_time() + MAX_SECONDS
    for number, piece in enumerate(pieces):
        size += len(piece)
        if size > MAX_OUTPUT:
            raise OverflowError(f"the mail grows beyond {MAX_OUTPUT >> 20} MB")
        if number % 16 == 0 and thread_time() > limit:
            raise OverflowError(f"the template runs longer than {MAX_SECONDS:.0f} s")
        yield piece


def _tidy(text: str) -> str:
    """No blanks at line ends, never more than one empty line together, one line end at the end."""
    lines = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"


@contextmanager
def _failures(name: str, folders: tuple[Path, ...]) -> Iterator[None]:
    """Whatever goes wrong inside becomes TemplateFailed with the place in the template.

    A template runs operators' code on senders' values; any exception of Python can come out of it, and each means the same: this mail
    cannot be worded, and a person must hear why.
    """
    try:
        yield
    except TemplateFailed:
        raise
    except Exception as error:
        file, line = _place(error, name)
        inside = next((folder for folder in folders if Path(file).is_relative_to(folder)), Path())
        raise TemplateFailed(_message(error), file=str(Path(file).relative_to(inside)), line=line) from error


def _place(error: Exception, name: str) -> tuple[str, int]:
    """The innermost line of a template; Jinja2 rewrites tracebacks so that template files stand in them.

    A mistake in a mail may raise only in a part of `parts.txt.j2` or `parts.html.j2` that the mail gives its value to: the line of the mail
    counts then.
    """
    if isinstance(error, TemplateSyntaxError):
        return error.filename or error.name or name, error.lineno
    lines = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    places = [(file, line) for file, line in reversed(lines) if file.endswith(".j2")]
    return next((place for place in places if not _PARTS.search(place[0])), next(iter(places), (name, 0)))


def _message(error: Exception) -> str:
    match error:
        case TemplateNotFound():
            return f"there is no template {error.name}"
        case TemplateError() if unknown := _NO_ATTRIBUTE.fullmatch(error.message or ""):
            kind, name = unknown.groups()
            known = [field.name for field in fields(_VIEWS[kind])] if kind in _VIEWS else []
            return f"unknown value .{name}{'; ' + did_you_mean(name, known, 'value') if known else ''}"
        case TemplateError():
            return error.message or type(error).__name__
        case OverflowError():
            return str(error)
        case _:
            return f"{type(error).__name__}: {error}"
