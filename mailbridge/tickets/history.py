"""The history of a ticket as changes that can be undone one by one.

Undo deletes nothing.  An Undone event names the earlier events that no longer count; the other events give the ticket.  An Undone that was
itself undone does not count either, so its events count again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from mailbridge.tickets.actor import Actor
from mailbridge.tickets.apply import apply, rebuild
from mailbridge.tickets.event_types.escalation import AlertRaised
from mailbridge.tickets.event_types.mails import DeliveryFailed, MessageAdded, TicketOpened
from mailbridge.tickets.event_types.people import AddressesRevoked, InvitationAnswered, MeetingSet
from mailbridge.tickets.event_types.relations import ContentErased, MailMoved, MergedInto, Undone
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.model import Ticket

# Sent mail cannot be undone, nor invitations, erased content, and the opening of a ticket.
FOR_GOOD: tuple[type[TicketEvent], ...] = (
    TicketOpened,
    MessageAdded,
    ContentErased,
    AlertRaised,
    DeliveryFailed,
    MeetingSet,
    InvitationAnswered,
    AddressesRevoked,
)
# Computed from other fields; not reported as kept.
_SILENT = frozenset({"version", "updated_at", "waits", "closed_at", "claimed_at", "estimated_by", "approvals_asked", "meeting"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """All events of one mail on a ticket, or of one command without a mail.  `versions`: their numbers in the history."""

    mail: int | None
    actor: Actor  # of the first event
    at: datetime
    versions: tuple[int, ...]


def changes(history: Sequence[Event]) -> Iterator[Change]:
    """The changes of the ticket, latest first.  Numbers in `history` are versions and begin at 1."""
    groups: dict[object, list[int]] = {}
    for version, event in enumerate(history, start=1):
        groups.setdefault(_key(event), []).append(version)
    for versions in sorted(groups.values(), key=lambda group: group[-1], reverse=True):
        first = history[versions[0] - 1]
        yield Change(mail=first.mail, actor=first.actor, at=history[versions[-1] - 1].at, versions=tuple(versions))


def same_change(change: Change, history: Sequence[Event]) -> tuple[int, ...]:
    """The versions of the events on another ticket that belong to this change."""
    key = (change.mail, None, None) if change.mail is not None else (None, change.actor, change.at)
    return tuple(version for version, event in enumerate(history, start=1) if _key(event) == key)


def counting(history: Sequence[Event], without: Collection[int] = ()) -> frozenset[int]:
    """The versions of the events that count, without those in `without`."""
    out = set(without)
    for version in range(len(history), 0, -1):
        what = history[version - 1].what
        if isinstance(what, Undone) and version not in out:
            out.update(what.undone)
    return frozenset(range(1, len(history) + 1)) - out


def as_if(history: Sequence[Event], without: Collection[int] = ()) -> Ticket | None:
    """The ticket from the events that count, without those in `without`.  Version and time are those of the whole history."""
    count = counting(history, without)
    told = (event for version, event in enumerate(history, start=1) if version in count and not isinstance(event.what, Undone))
    ticket = rebuild(told)
    return None if ticket is None else replace(ticket, version=len(history), updated_at=history[-1].at)


def kept(history: Sequence[Event], undone: Collection[int]) -> tuple[str, ...]:
    """The fields that `undone` changed and that were changed again since.  Undo leaves them as they are."""
    after, without = as_if(history), as_if(history, undone)
    if after is None or without is None:
        return ()
    return tuple(name for name in _changed(history, undone) if getattr(after, name) == getattr(without, name))


def brought(what: TicketEvent) -> tuple[tuple[int, int], ...]:
    """The mails that this event moves to another ticket, each with that ticket."""
    match what:
        case MergedInto(survivor=survivor, mails=mails):
            return tuple((mail, survivor) for mail in mails)
        case MailMoved(mail=mail, to=int(to)):
            return ((mail, to),)
        case Undone(moved=moved):
            return moved
    return ()


def _changed(history: Sequence[Event], versions: Collection[int]) -> list[str]:
    """The fields that these events changed together.  A field that one event set and the next set back is not one of them."""
    ticket: Ticket | None = None
    was, became = dict[str, object](), dict[str, object]()
    for version, event in enumerate(history, start=1):
        before, ticket = ticket, apply(ticket, event)
        if version not in versions or before is None:
            continue
        for name in (each.name for each in fields(Ticket) if getattr(before, each.name) != getattr(ticket, each.name)):
            was.setdefault(name, getattr(before, name))
            became[name] = getattr(ticket, name)
    return sorted(name for name in became if was[name] != became[name] and name not in _SILENT)


def _key(event: Event) -> tuple[int | None, Actor | None, datetime | None]:
    return (event.mail, None, None) if event.mail is not None else (None, event.actor, event.at)
