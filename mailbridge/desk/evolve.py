"""Events make the ticket: `evolve` folds one in, `rebuild` all.  Nothing else changes a Ticket."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from mailbridge.desk.events import (
    AlertRaised,
    AssigneeChanged,
    DeliveryFailed,
    Event,
    FieldSet,
    Linked,
    MessageAdded,
    ParticipantAdded,
    PriorityChanged,
    StatusChanged,
    TagsAdded,
    TeamChanged,
    TicketOpened,
    TypeChanged,
)
from mailbridge.desk.model import Participant, Role, Ticket


def rebuild(events: Iterable[Event]) -> Ticket | None:
    """The ticket that these events, in order, tell of; None where there are none."""
    ticket: Ticket | None = None
    for event in events:
        ticket = evolve(ticket, event)
    return ticket


def evolve(ticket: Ticket | None, event: Event) -> Ticket:
    """The ticket after this event.  Raises ValueError for a history that does not begin with its opening."""
    if ticket is None:
        if not isinstance(event.what, TicketOpened):
            raise ValueError(f"ticket {event.ticket}: its history begins with {type(event.what).__name__}")
        return _opened(event.what, event)
    return replace(_changed(ticket, event), version=ticket.version + 1, updated_at=event.at)


def _opened(what: TicketOpened, event: Event) -> Ticket:
    return Ticket(
        id=event.ticket,
        subject=what.subject,
        status=what.status,
        priority=what.priority,
        team=what.team,
        created_at=event.at,
        updated_at=event.at,
        version=1,
        participants=(what.requester,),
        channel=what.channel,
        language=what.language,
        verified=what.verified,
        rules_version=what.rules_version,
    )


def _changed(ticket: Ticket, event: Event) -> Ticket:
    match event.what:
        case MessageAdded(to_customer=True):
            return replace(ticket, first_answered_at=ticket.first_answered_at or event.at)
        case StatusChanged() as change:
            return _moved(ticket, change, event.at)
        case TeamChanged(after=team):
            return replace(ticket, team=team)
        case AssigneeChanged(after=agent):
            return replace(ticket, assignee=agent, claimed_at=(ticket.claimed_at or event.at) if agent else None)
        case PriorityChanged(after=priority):
            return replace(ticket, priority=priority)
        case TypeChanged(after=type_):
            return replace(ticket, type=type_)
        case TagsAdded(tags=tags):
            return replace(ticket, tags=ticket.tags + tuple(tag for tag in tags if tag not in ticket.tags))
        case FieldSet(name=name, value=value):
            return replace(ticket, fields=(*(field for field in ticket.fields if field[0] != name), (name, value)))
        case ParticipantAdded(participant=somebody):
            return replace(ticket, participants=_with(ticket.participants, somebody))
        case Linked(relation=relation, ticket=other):
            return replace(ticket, links=(*ticket.links, (relation, other)))
        case MessageAdded() | AlertRaised() | DeliveryFailed() | TicketOpened():
            return ticket
        case _:
            assert_never(event.what)


def _moved(ticket: Ticket, change: StatusChanged, at: datetime) -> Ticket:
    waits: tuple[tuple[datetime, datetime | None], ...] = tuple((start, end or at) for start, end in ticket.waits)
    if change.waits or change.closes:  # nobody owes anything on a closed ticket either
        waits = (*waits, (at, None))
    closed_at = at if change.closes else None if change.reopens else ticket.closed_at
    return replace(ticket, status=change.after, waits=waits, closed_at=closed_at)


def _with(participants: tuple[Participant, ...], somebody: Participant) -> tuple[Participant, ...]:
    """One entry an address; a second mention can raise a MENTIONED one to PARTICIPANT, never touch the requester."""
    kept = tuple(p for p in participants if p.address.lower() != somebody.address.lower())
    known = next((p for p in participants if p.address.lower() == somebody.address.lower()), None)
    if known is not None and (known.role is not Role.MENTIONED or somebody.role is Role.MENTIONED):
        return participants
    return (*kept, somebody)
