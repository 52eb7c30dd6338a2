"""What was written and done on a ticket, for an agent who asks for it (`#show`, `#full`)."""

from __future__ import annotations

from mailbridge.delivery.render.template_context import Cut, HistoryEntry
from mailbridge.execution.desk import Desk
from mailbridge.ids import ticket_number
from mailbridge.notifications.summary import Viewer, summaries
from mailbridge.reply.showing import ShownText, shown
from mailbridge.reply.stored_spans import spans_from_json
from mailbridge.store.mails import StoredMail
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.event_types.mails import MessageAdded
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Ticket

LATEST = 3  # messages that show a ticket at a glance
MOST = 300  # entries of a whole history; the newest are kept


def latest(tx: Tx, ticket: Ticket, desk: Desk, language: str) -> tuple[HistoryEntry, ...]:
    """The latest messages, notes among them, the newest first."""
    messages = [entry for entry in _entries(tx, ticket, desk, language) if not entry.happened]
    return tuple(reversed(messages[-LATEST:]))


def whole(tx: Tx, ticket: Ticket, desk: Desk, language: str) -> tuple[HistoryEntry, ...]:
    """Every message and everything that was done, in the order of time."""
    return tuple(_entries(tx, ticket, desk, language)[-MOST:])


def parts_of(tx: Tx, mail: StoredMail) -> ShownText:
    """The text of a mail, parted into what is shown and what is left out."""
    return shown(mail.text, mail.fresh, spans_from_json(tx.mails.explanation(mail.id)))


def left_out(parts: ShownText) -> tuple[Cut, ...]:
    """What of a mail is not shown, for templates."""
    return tuple(Cut(kind=part.kind or "", lines=part.lines) for part in parts.left_out)


def message_name(tx: Tx, mail: int, ticket: Ticket, desk: Desk) -> str:
    """What agents call a mail of the ticket: `MB-7/3` is the third message that came to MB-7, which may have been merged since.  '' for a
    mail that is no message."""
    for id in (ticket.id, *ticket.absorbed):
        if number := tx.events.message_number(id, mail):
            return f"{ticket_number(desk.config.desk.prefix, id)}/{number}"
    return ""


def _entries(tx: Tx, ticket: Ticket, desk: Desk, language: str) -> list[HistoryEntry]:
    mails = {mail.id: mail for mail in tx.mails.of_ticket(ticket.id)}
    entries, number = [], 0
    for event in tx.events.of_ticket(ticket.id):
        number += isinstance(event.what, MessageAdded)
        name = f"{ticket_number(desk.config.desk.prefix, ticket.id)}/{number}"
        entry = _entry(tx, event, mails.get(event.mail or 0), name, desk, language)
        entries += [entry] if entry else []
    return entries


def _entry(tx: Tx, event: Event, mail: StoredMail | None, message: str, desk: Desk, language: str) -> HistoryEntry | None:
    agent = desk.organisation.agents.get(event.actor.name)
    ours = event.actor.kind in (ActorKind.CLOCK, ActorKind.SYSTEM)
    who = agent.title if agent else desk.config.desk.name if ours else event.actor.name or event.actor.kind
    if isinstance(event.what, MessageAdded):
        if mail is None:
            return None  # it went to another ticket
        files = tuple(file.name for file in tx.mails.attachments(mail.id) if not file.hidden)
        author = agent.title if agent else mail.sender_name or mail.sender
        return HistoryEntry(
            author=author,
            text=mail.fresh or mail.text,
            at=event.at,
            internal=event.what.internal,
            files=files,
            message=message,
            cut=left_out(parts_of(tx, mail)) if mail.fresh else (),
        )
    viewer = Viewer(ticket=event.ticket, organisation=desk.organisation, prefix=desk.config.desk.prefix, language=language)
    return HistoryEntry(author=who, text="", at=event.at, happened=summaries([event], viewer))
