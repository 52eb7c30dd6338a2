"""Builds the notification context of a stored ticket."""

from __future__ import annotations

from collections.abc import Iterable

from mailbridge.execution.desk import Desk
from mailbridge.notifications.context import NotificationContext
from mailbridge.store.tx import Tx
from mailbridge.tickets.event_types.mails import MessageAdded
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Ticket


def reached(tx: Tx, events: Iterable[Event]) -> frozenset[str]:
    """The addresses in To or Cc of the agents' mails whose text these events pass on, in lower case."""
    found: set[str] = set()
    for event in events:
        passes_on = isinstance(event.what, MessageAdded) and (event.what.to_customer or event.what.internal)
        explained = tx.mails.explanation(event.mail) if passes_on and event.mail is not None else None
        found |= set(explained.get("to", ())) if isinstance(explained, dict) else set()
    return frozenset(found)


def notification_context(
    tx: Tx, ticket: Ticket, desk: Desk, *, mail: int | None = None, first: str | None = None, answerable: bool = False
) -> NotificationContext:
    """The context for `notifications.compose`.  `first`: the Message-ID of the mail that opens the ticket now ('' where it has none); None
    for a ticket whose mails are stored."""
    thread = thread_of(tx, ticket) if first is None else (first,)
    identity = desk.identity_of(ticket)
    return NotificationContext(
        ticket=ticket,
        organisation=desk.organisation,
        signer=desk.signer,
        desk_name=(identity.name if identity else "") or desk.config.desk.name,
        sender=identity.address if identity else "",
        signature=identity.signature if identity else "",
        language=desk.config.desk.language,
        mail=mail,
        answerable=answerable,
        thread=thread,
        own_addresses=desk.own_addresses,
        language_at=desk.policy.rules.customers.language_at,
    )


def thread_of(tx: Tx, ticket: Ticket) -> tuple[str, ...]:
    """The thread of the ticket, or of the one that it was merged into: mails about it have the number of that one."""
    goes_on = (tx.tickets.surviving(ticket.id) or ticket) if ticket.merged_into else ticket
    return tx.mails.thread_of(goes_on.id, [person.address for person in goes_on.participants])
