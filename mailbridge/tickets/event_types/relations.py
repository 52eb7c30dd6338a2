"""Events that connect tickets or change what belongs to one: links, merges, moved mails, tasks, undo, erasure."""

from __future__ import annotations

from dataclasses import dataclass

from mailbridge.tickets.event_types.plans import PlanSet
from mailbridge.tickets.event_types.stored import StoredEvent, stored_event
from mailbridge.tickets.event_types.work import EstimateSet
from mailbridge.tickets.model import Activity, Participant, Plan, Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedInto:
    """On the ticket that ends: the survivor, and the mails that moved there."""

    survivor: int
    mails: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedFrom:
    """On the survivor: the ticket that was merged into it, with its people, tags and work."""

    ticket: int
    participants: tuple[Participant, ...] = ()
    tags: tuple[str, ...] = ()
    activities: tuple[Activity, ...] = ()  # with ids of this ticket
    plans: tuple[Plan, ...] = ()  # the same


@dataclass(frozen=True, slots=True, kw_only=True)
class MailMoved:
    """A mail moved to another ticket (`to`), or from one (`came_from`)."""

    mail: int
    to: int | None = None
    came_from: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookStarted:
    name: str
    tasks: tuple[int, ...] = ()  # ticket numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """The events `undone` (their versions) no longer count: the ticket is `restored`, except for the fields `kept` that were changed since.

    `stays`: what cannot be undone: 'mail' (a reply that was sent), 'erased'.  `moved`: mails that move now, each with its ticket.  `of`:
    the agent whose change was undone.  `reopens`: the ticket was closed before.  `plans`: the plans that are other ones now.
    `estimate`: how the estimate changed; None where there is none now, or the same.  `unmarked`: the sender whose mail is no longer held,
    because the ticket is no spam after all.
    """

    undone: tuple[int, ...]
    restored: Ticket
    kept: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    moved: tuple[tuple[int, int], ...] = ()
    of: str = ""
    reopens: bool = False
    plans: tuple[PlanSet, ...] = ()
    estimate: EstimateSet | None = None
    unmarked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentErased:
    mails: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    relation: str
    ticket: int


RelationEvent = MergedInto | MergedFrom | MailMoved | PlaybookStarted | Undone | ContentErased | Linked

# The names under which these events are stored and published.
STORED: tuple[StoredEvent, ...] = (
    stored_event("merged_into", "MergedInto", MergedInto),
    stored_event("absorbed", "Absorbed", MergedFrom),
    stored_event("mail_moved", "MailMoved", MailMoved),
    stored_event("playbook_started", "PlaybookStarted", PlaybookStarted),
    stored_event("undone", "Undone", Undone),
    stored_event("content_erased", "ContentErased", ContentErased),
    stored_event("linked", "Linked", Linked),
)
