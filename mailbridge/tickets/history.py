"""What happened, and what of it still counts: the history of a ticket as doings that can be taken back one by one.

Undoing deletes nothing.  An Undone event says which earlier events count no more; the ticket is what the others tell.  An Undone that is
itself undone counts no more either, so that what it took back is there again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from mailbridge.tickets.apply import apply, rebuild
from mailbridge.tickets.events import (
    Actor,
    AddressesRevoked,
    AlertRaised,
    ContentErased,
    DeliveryFailed,
    Event,
    InvitationAnswered,
    MailMoved,
    MeetingSet,
    MergedInto,
    MessageAdded,
    TicketEvent,
    TicketOpened,
    Undone,
)
from mailbridge.tickets.model import Ticket

# What has left the house cannot be taken back: mails, invitations, contents that are gone; and that there is a ticket at all.
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
# Follow from others, or count something: no news for whoever reads what was kept.
_SILENT = frozenset({"version", "updated_at", "waits", "closed_at", "claimed_at", "estimated_by", "approvals_asked", "meeting"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """All that one mail did to a ticket, or one command that came by no mail.  `versions` are those of its events."""

    mail: int | None
    actor: Actor  # of its first event
    at: datetime
    versions: tuple[int, ...]


def changes(history: Sequence[Event]) -> Iterator[Change]:
    """What was done to the ticket, latest first; numbers in `history` are versions, beginning at 1."""
    groups: dict[object, list[int]] = {}
    for version, event in enumerate(history, start=1):
        groups.setdefault(_key(event), []).append(version)
    for versions in sorted(groups.values(), key=lambda group: group[-1], reverse=True):
        first = history[versions[0] - 1]
        yield Change(mail=first.mail, actor=first.actor, at=history[versions[-1] - 1].at, versions=tuple(versions))


def same_change(doing: Change, history: Sequence[Event]) -> tuple[int, ...]:
    """The versions of the events on another ticket that come from this doing."""
    key = (doing.mail, None, None) if doing.mail is not None else (None, doing.actor, doing.at)
    return tuple(version for version, event in enumerate(history, start=1) if _key(event) == key)


def counting(history: Sequence[Event], without: Collection[int] = ()) -> frozenset[int]:
    """The versions of the events that count, had `without` never happened."""
    out = set(without)
    for version in range(len(history), 0, -1):
        what = history[version - 1].what
        if isinstance(what, Undone) and version not in out:
            out.update(what.undone)
    return frozenset(range(1, len(history) + 1)) - out


def as_if(history: Sequence[Event], without: Collection[int] = ()) -> Ticket | None:
    """The ticket that the events which count tell of, had `without` never happened; version and time are those of the whole history."""
    count = counting(history, without)
    told = (event for version, event in enumerate(history, start=1) if version in count and not isinstance(event.what, Undone))
    ticket = rebuild(told)
    return None if ticket is None else replace(ticket, version=len(history), updated_at=history[-1].at)


def kept(history: Sequence[Event], undone: Collection[int]) -> tuple[str, ...]:
    """The fields that `undone` had changed and somebody else changed since: taking back leaves them as they are."""
    after, without = as_if(history), as_if(history, undone)
    if after is None or without is None:
        return ()
    return tuple(name for name in _changed(history, undone) if getattr(after, name) == getattr(without, name))


def brought(what: TicketEvent) -> tuple[tuple[int, int], ...]:
    """The mails that go to another ticket with this event, each with the ticket it is on from then on."""
    match what:
        case MergedInto(survivor=survivor, mails=mails):
            return tuple((mail, survivor) for mail in mails)
        case MailMoved(mail=mail, to=int(to)):
            return ((mail, to),)
        case Undone(moved=moved):
            return moved
    return ()


def _changed(history: Sequence[Event], versions: Collection[int]) -> list[str]:
    """The fields that these events changed when they happened, all in all: what one of them set and the next set back is none."""
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
