"""A ticket's history as text: every mail and every event, sorted by time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from mailbridge.cli.show import safe, safe_lines, when
from mailbridge.delivery.render.sentences import LAST_LANGUAGE, sentence
from mailbridge.notifications.summary import Viewer, summaries
from mailbridge.reply.showing import ShownText
from mailbridge.store.mails import StoredAttachment, StoredMail
from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.event_types.mails import MessageAdded, TicketOpened
from mailbridge.tickets.events import Event


def story(
    mails: Iterable[StoredMail],
    events: Iterable[Event],
    files: Mapping[int, Sequence[StoredAttachment]],
    viewer: Viewer,
    *,
    parts: Mapping[int, ShownText],
    notes: Mapping[int, str] = MappingProxyType({}),
) -> str:
    """The history as text.  `files`: mail id -> its files.  `parts`: mail id -> its text in parts; a mail without them is shown in full.
    `notes`: mail id -> what is said of its encryption."""
    bodies = {mail.id: mail for mail in mails}
    lines, messages = [], 0
    for event in events:
        messages += isinstance(event.what, MessageAdded)
        mark = f"{viewer.number(event.ticket)}/{messages}" if isinstance(event.what, MessageAdded) else by(event)
        brings = isinstance(event.what, MessageAdded | TicketOpened)
        note = f"  ({safe(said)})" if brings and (said := notes.get(event.mail or 0, "")) else ""
        lines.append(f"{when(event.at)}  {safe(worded(event, viewer))}  {mark}{note}{body(event, bodies, files, parts)}")
    return "\n".join(lines)


def by(event: Event) -> str:
    """What caused the event: `by agent bogdan`, `by rule night`, `by contract gold`.  Of a new ticket also what chose its first values."""
    kind, name = event.actor.kind, safe(event.actor.name)
    who = f"by {name}" if kind is ActorKind.SYSTEM and name else f"by {kind}{f' {name}' if name else ''}"
    chosen = event.what.chosen_by if isinstance(event.what, TicketOpened) else ()
    return "".join((who, *(f"; {value} by {safe(source).removeprefix('system ')}" for value, source in chosen)))


def worded(event: Event, viewer: Viewer) -> str:
    """The summary of the event in English, with times in UTC.  That of an undo includes what could not be undone."""
    return "; ".join(sentence(one, LAST_LANGUAGE, when) for one in summaries([event], viewer, messages=True))


def body(
    event: Event, mails: Mapping[int, StoredMail], files: Mapping[int, Sequence[StoredAttachment]], parts: Mapping[int, ShownText]
) -> str:
    """The text and the files of the event's mail, for the lines below the summary; '' where the event has no mail."""
    mail = mails.get(event.mail or 0) if isinstance(event.what, MessageAdded) else None
    if mail is None:
        return ""
    hung = files.get(mail.id, ())
    lines = told_text(parts[mail.id]) if mail.id in parts else safe_lines(mail.text).splitlines()
    for file in hung:
        lines += ["", *safe_lines(file.summary).splitlines()] if file.summary and file.summary not in mail.text else []
    lines += ["", enclosed(hung)] if hung else []
    return "".join(f"\n    {line}".rstrip(" ") for line in ["", *lines, ""]) if lines else ""


def told_text(parts: ShownText) -> list[str]:
    """The text as lines: the reply, the folded parts below it, and how much is left out."""
    lines = safe_lines(parts.text).strip().splitlines()
    for part in parts.folded:
        name = part.kind if part.sure else f"probably {part.kind}"
        lines += [*([""] if lines else []), f"{name}:", *(f"> {line}" for line in safe_lines(part.text).splitlines())]
    if parts.text and parts.left_out:
        count = ", ".join(f"{one.lines} line{'s' if one.lines > 1 else ''} of {one.kind or 'other text'}" for one in parts.left_out)
        lines += ["", f"left out: {count}; --full shows all"]
    return lines


def enclosed(files: Sequence[StoredAttachment]) -> str:
    """The names of the files, and the number of images that belong to a signature."""
    hidden = sum(file.hidden for file in files)
    names = ", ".join(safe(file.name) for file in files if not file.hidden)
    pictures = f"{hidden} picture{'s' if hidden > 1 else ''} of the signature" if hidden else ""
    return "; ".join(filter(None, (f"files: {names}" if names else "", pictures)))
