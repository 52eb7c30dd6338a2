"""Notifications become words: Jinja2 templates by language, audience and event.  The only importer of jinja2.

    templates/mail/<language>/words.j2                        constants of the language: marker, days, labels
    templates/mail/<language>/<audience>.<event>.txt.j2       block `subject`, block `body`
    templates/mail/<language>/<audience>.<event>.html.j2      the same for eyes; may be missing
    templates/mail/layout.txt.j2, layout.html.j2              what all mails share; the text one is run twice, for `part`
                                                              "subject" and for "text"

A desk's own folder comes before the shipped one, file by file.  Templates are operators' code, like a configuration file: the sandbox
keeps what is *in* a mail from reaching anything, and caps on output and time keep a slip from filling the disk, but nobody who may write
templates is held back by them.  The text of a mail is only ever a value, never a template.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path, PurePosixPath
from time import thread_time
from traceback import walk_tb
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from mailbridge.delivery.render.filters import FILTERS, mailto, one_line, topic
from mailbridge.delivery.render.sample_values import VOCABULARY
from mailbridge.delivery.render.samples import sample_notification, sample_views
from mailbridge.delivery.render.template_context import DeskView, HistoryEntry, TemplateContext, TicketView
from mailbridge.errors import Permanent, Problem
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.model import Payload
from mailbridge.notifications.payloads.tickets import Received, ReceivedTogether

__all__ = [
    "DeskView", "HistoryEntry", "Renderer", "TemplateFailed", "TicketView", "TemplateContext", "Worded", "check", "guarded",
    "shipped_templates", "without_template",
]  # fmt: skip

MAX_OUTPUT = 1 << 20
MAX_SECONDS = 2.0
LAST_LANGUAGE = "en"

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_EVENT = re.compile(r"[a-z0-9_]{1,60}")


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
    """What of the values is the desk's own word: how long answers take, and the numbers of requests."""
    match payload:
        case Received():
            return replace(payload, estimate=None)
        case ReceivedTogether(rows=rows):
            return replace(payload, rows=tuple(replace(row, subject="") for row in rows))
    return None


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


class Renderer:
    """Words notifications.  Safe to share between threads; a template edited on disk is used from the next mail on."""

    def __init__(self, folders: Sequence[Path], *, language: str = LAST_LANGUAGE) -> None:
        """`folders`: the desk's templates first, the shipped ones last.  `language`: the desk's own."""
        self._folders = tuple(folders)
        self._language = language
        self._jinja = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader([str(folder) for folder in self._folders]),
            undefined=StrictUndefined,
            # Everything but plain text is escaped, whatever a file is called.
            autoescape=lambda name: name is None or not name.endswith(".txt.j2"),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
        )
        self._jinja.filters |= FILTERS
        self._jinja.globals["mailto"] = mailto

    def render(self, notification: Notification, view: TemplateContext) -> Worded:
        """The mail's words: in the wanted language, else the desk's, else English.  Raises TemplateFailed with file and line."""
        name = f"{notification.audience}.{notification.event}"
        folder, template = self._find(name, notification.language)
        with _failures(f"{folder}/{name}.txt.j2", self._folders):
            context = self._context(notification, view, folder)
            subject = one_line("".join(_capped(template.generate(context, part="subject"))))
            if not subject:
                raise TemplateFailed("the subject is empty: fill the block named subject", file=f"{folder}/{name}.txt.j2")
            text = _tidy("".join(_capped(template.generate(context, part="text"))))
        with _failures(f"{folder}/{name}.html.j2", self._folders):
            html = self._html(f"{folder}/{name}.html.j2", context)
        return Worded(subject=subject, text=text, html=html)

    def markers(self) -> tuple[str, ...]:
        """The line "write above this line" in every language there is; what stands below it in an answer is ours."""
        found = (str(self._words(folder)["marker"]) for folder in self.languages() if "marker" in self._words(folder))
        return tuple(dict.fromkeys(found))

    def languages(self) -> tuple[str, ...]:
        """The folders under mail/ that hold words.j2: "mail/en", "mail/ro"."""
        names = (PurePosixPath(name) for name in self._jinja.list_templates())
        return tuple(sorted({str(name.parent) for name in names if name.name == "words.j2" and name.parts[0] == "mail"}))

    def names(self) -> tuple[str, ...]:
        """Every mail there is a text template for, as "mail/en/customer.received"; parts that begin with _ are left out."""
        suffix = ".txt.j2"
        paths = (PurePosixPath(name) for name in self._jinja.list_templates() if name.endswith(suffix))
        return tuple(sorted(str(p)[: -len(suffix)] for p in paths if len(p.parts) == 3 and p.parts[0] == "mail" and p.name[0] != "_"))

    def _find(self, name: str, wanted: str) -> tuple[str, Template]:
        if not _EVENT.fullmatch(name.partition(".")[2]):
            raise TemplateFailed("this is no name of an event", file=f"mail/{LAST_LANGUAGE}/{name[:80]!r}")
        for language in _fallbacks(wanted, self._language, LAST_LANGUAGE):
            folder = f"mail/{language}"
            with _failures(f"{folder}/{name}.txt.j2", self._folders):
                try:
                    return folder, self._jinja.get_template(f"{folder}/{name}.txt.j2")
                except TemplateNotFound as missing:
                    if missing.name != f"{folder}/{name}.txt.j2":
                        raise
        raise TemplateFailed("there is no such template in any language", file=f"mail/{LAST_LANGUAGE}/{name}.txt.j2")

    def _html(self, name: str, context: Mapping[str, object]) -> str:
        try:
            template = self._jinja.get_template(name)
        except TemplateNotFound as missing:
            if missing.name != name:
                raise
            return ""
        return "".join(_capped(template.generate(dict(context)))).strip()

    def _context(self, notification: Notification, view: TemplateContext, folder: str) -> dict[str, object]:
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
            "language": PurePosixPath(folder).name,
            "zone": view.zone,
            "now": view.now,
            "internal": view.internal,
            "card": view.card,
            "opening": view.opening,
            "words": self._words(folder),
        }
        if view.ticket is not None:
            context["ticket"] = view.ticket
        return context

    def _words(self, folder: str) -> dict[str, Any]:
        module = self._jinja.get_template(f"{folder}/words.j2").module
        return {name: value for name, value in vars(module).items() if not name.startswith("_")}


def check(folders: Sequence[Path]) -> tuple[Problem, ...]:
    """Every mistake in the templates of these folders, found by rendering each one with full and with bare sample views."""
    renderer = Renderer(folders)
    return _mistakes(renderer, renderer.names())


def check_own(own: Path, shipped: Path) -> tuple[Problem, ...]:
    """Every mistake in the mails that a desk's own templates take part in: all mails where it has a part, which any of them may use."""
    files = {str(file.relative_to(own)).removesuffix(".txt.j2").removesuffix(".html.j2") for file in own.rglob("*.j2")}
    renderer = Renderer((own, shipped))
    names = renderer.names()
    return _mistakes(renderer, [name for name in names if name in files] if files <= set(names) else names)


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


def _fallbacks(*languages: str) -> list[str]:
    """The languages in order, each followed by its plain form ('pt-BR', 'pt'); what is no language tag is left out."""
    tags = (language for language in languages if _LANGUAGE.fullmatch(language))
    return list(dict.fromkeys(chain.from_iterable((tag, tag.partition("-")[0]) for tag in tags)))


def _capped(pieces: Iterable[str]) -> Iterator[str]:
    size, limit = 0, thread_time() + MAX_SECONDS
    for piece in pieces:
        size += len(piece)
        if size > MAX_OUTPUT:
            raise OverflowError(f"the mail grows beyond {MAX_OUTPUT >> 20} MB")
        if thread_time() > limit:
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
    """The innermost line of a template; Jinja2 rewrites tracebacks so that template files stand in them."""
    if isinstance(error, TemplateSyntaxError):
        return error.filename or error.name or name, error.lineno
    lines = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    return next(((file, line) for file, line in reversed(lines) if file.endswith(".j2")), (name, 0))


def _message(error: Exception) -> str:
    match error:
        case TemplateNotFound():
            return f"there is no template {error.name}"
        case TemplateError():
            return error.message or type(error).__name__
        case OverflowError():
            return str(error)
        case _:
            return f"{type(error).__name__}: {error}"
