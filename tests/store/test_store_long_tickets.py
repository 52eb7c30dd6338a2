"""Tickets with more mails than a statement takes parameters, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mailbridge.execution.clock_histories import clock_history_of
from mailbridge.organisation.priority import Priority
from mailbridge.store.engine import Store
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.event_types.mails import MessageAdded, TicketOpened
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Participant

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MAILS = 66_000  # PostgreSQL takes 65,535 parameters


def test_the_clocks_of_a_ticket_with_very_many_mails_can_be_computed(store: Store) -> None:
    """A machine that reports to one ticket for years, or somebody who floods one."""
    actor, jo = Actor(kind=ActorKind.CUSTOMER, name="jo@x.test"), Participant(address="jo@x.test")
    opened = Event(
        ticket=1, at=NOW, actor=actor, what=TicketOpened(subject="", requester=jo, status="new", priority=Priority.NORMAL, team="support")
    )
    said = MessageAdded(author="jo@x.test")
    mails = [Event(ticket=1, at=NOW + number * timedelta(seconds=1), actor=actor, what=said, mail=number) for number in range(1, MAILS)]
    with store.write() as tx:
        tx.events.append([opened, *mails], first_version=1)
    with store.read() as tx:
        assert len(clock_history_of(tx, 1).asked) == MAILS - 1
