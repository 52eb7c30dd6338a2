"""What was written and done on a ticket, for an agent who asks for it (`#show`, `#full`)."""

from __future__ import annotations

from mailbridge.context import Desk
from mailbridge.desk.events import Event, MessageAdded
from mailbridge.desk.model import Ticket
from mailbridge.outbox.told import Listener, packed, sayings
from mailbridge.outbox.view import Entry
from mailbridge.store.mails import StoredMail
from mailbridge.store.tx import Tx

LATEST = 3  # messages that show a ticket at a glance
MOST = 300  # entries of a whole history; the newest are kept


def latest(tx: Tx, ticket: Ticket, desk: Desk) -> tuple[Entry, ...]:
    """The latest messages, notes among them, the newest first."""
    messages = [entry for entry in _entries(tx, ticket, desk) if not entry.happened]
    return tuple(reversed(messages[-LATEST:]))


def whole(tx: Tx, ticket: Ticket, desk: Desk) -> tuple[Entry, ...]:
    """Every message and everything that was done, in the order of time."""
    return tuple(_entries(tx, ticket, desk)[-MOST:])


def _entries(tx: Tx, ticket: Ticket, desk: Desk) -> list[Entry]:
    mails = {mail.id: mail for mail in tx.mails.of_ticket(ticket.id)}
    return [entry for event in tx.events.of_ticket(ticket.id) if (entry := _entry(tx, event, mails.get(event.mail or 0), desk)) is not None]


def _entry(tx: Tx, event: Event, mail: StoredMail | None, desk: Desk) -> Entry | None:
    agent = desk.organisation.agents.get(event.actor.name)
    who = agent.title if agent else event.actor.name or event.actor.kind
    if isinstance(event.what, MessageAdded):
        if mail is None:
            return None  # it went to another ticket
        files = tuple(file.name for file in tx.mails.attachments(mail.id) if not file.hidden)
        author = agent.title if agent else mail.sender_name or mail.sender
        return Entry(author=author, text=mail.fresh or mail.text, at=event.at, internal=event.what.internal, files=files)
    to = Listener(me="", ticket=event.ticket, organisation=desk.organisation, prefix=desk.config.desk.prefix)
    said = packed(sayings([event], to))
    return Entry(author=who, text="", at=event.at, happened=said) if said else None
