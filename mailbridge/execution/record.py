"""A decision becomes durable: events, ticket, clocks and promises to send, in the transaction that is open.

Pipeline, sweep and command line all end here, so that these four can never disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mailbridge.errors import Transient
from mailbridge.notifications.model import Notification
from mailbridge.organisation.model import Organisation
from mailbridge.store.tx import Tx
from mailbridge.tickets.deadlines import ticket_deadlines
from mailbridge.tickets.events import ContentErased, Event, MergedFrom, MergedInto, TypeChanged, Undone, WorkCorrected, WorkRecorded
from mailbridge.tickets.history import brought
from mailbridge.tickets.model import Ticket

OF_WORK = (WorkRecorded, WorkCorrected, MergedFrom, MergedInto, Undone)  # what changes the work on a ticket


def record(
    tx: Tx,
    ticket: Ticket,
    events: Sequence[Event],
    told: Sequence[Notification],
    organisation: Organisation,
    now: datetime,
    *,
    tell_at: datetime | None = None,
) -> None:
    """Everything that came of a decision is written.  `tell_at`: what is told is held until then.

    Raises Transient where somebody else changed the ticket meanwhile.
    """
    before = ticket.version - len(events)
    if events:
        if not tx.tickets.save(ticket, expected_version=before):
            raise Transient("the ticket changed while it was worked on; try again", ticket=ticket.id)
        tx.events.append(events, first_version=before + 1)
        tx.clocks.set(ticket.id, ticket_deadlines(ticket, organisation, now), new=before == 0)
        for event in events:
            _take_effect(tx, event)
        if any(isinstance(event.what, OF_WORK) or (ticket.activities and isinstance(event.what, TypeChanged)) for event in events):
            tx.activities.set(ticket)
    if told:
        tx.outbox.add_many(told, now, not_before=tell_at)
        tx.wake("outbox")


def _take_effect(tx: Tx, event: Event) -> None:
    """What an event means for rows that are no ticket's: mails that go to another ticket, contents that are erased."""
    moved = brought(event.what)
    if moved and not isinstance(event.what, MergedInto):
        _search_again(tx, event.ticket, moved)
    else:  # a merge brings all mails of a ticket along, and with them what each repeats of another
        for mail, ticket in moved:
            tx.mails.set_ticket(mail, ticket)
    if isinstance(event.what, ContentErased):
        tx.erasure.erase(event.ticket, event.what.mails)


def _search_again(tx: Tx, ticket: int, moved: Sequence[tuple[int, int]]) -> None:
    """The mails are on their new tickets; they, and the later ones on the tickets that they left, are found by all of their texts."""
    left = {ticket, *(mail.ticket for id, _ in moved if (mail := tx.mails.get(id)) and mail.ticket is not None)}
    for id, to in moved:
        tx.mails.set_ticket(id, to)
    first = min(id for id, _ in moved)
    later = [mail.id for each in sorted(left) for mail in tx.mails.heads_of(each) if mail.id > first]
    tx.search.add_again(list(dict.fromkeys([*(id for id, _ in moved), *later])))
