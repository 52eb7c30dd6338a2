"""Undo: reverts the latest change of an agent, on this ticket and on the other tickets it touched, by new events.

The ticket becomes the state that its other events give (`tickets.history`).  Later changes by other people stay.  A ticket that the change
opened is not deleted, because numbers are never used twice: it is closed and redirects to the ticket it came from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from mailbridge.organisation import transitions
from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.command_context import CommandContext, HandlerResult, Refusal, on
from mailbridge.tickets.command_types.relations import Undo
from mailbridge.tickets.event_types.mails import MessageAdded, TicketOpened
from mailbridge.tickets.event_types.people import MeetingSet
from mailbridge.tickets.event_types.relations import ContentErased, Linked, MailMoved, MergedFrom, MergedInto, PlaybookStarted, Undone
from mailbridge.tickets.event_types.wishes import MarkedSpam
from mailbridge.tickets.event_types.work import EstimateSet
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.handlers.approvals import decided
from mailbridge.tickets.handlers.customers import taken_back
from mailbridge.tickets.handlers.plans import other_plans, restored_plans
from mailbridge.tickets.handlers.relations import SPLIT_FROM, manages
from mailbridge.tickets.handlers.state import moved
from mailbridge.tickets.history import FOR_GOOD, Change, as_if, brought, changes, counting, kept, same_change
from mailbridge.tickets.model import Approval, ApprovalKind, Ticket
from mailbridge.tickets.permissions import Right, on_ticket

History = Sequence[Event]


def undo(ticket: Ticket, command: Undo, about: CommandContext) -> HandlerResult:
    """Reverts the latest change of this agent (of anybody, for a manager), if it is not too old."""
    change = latest(ticket, about)
    if change is None:
        return Refusal(reason="nothing-to-undo")
    if waits := _waiting_of(change, ticket):
        return [decided(one, granted=False) for one in waits]
    if about.now - change.at > about.undo_within:
        return Refusal(reason="undo-too-late", detail=str(round(about.undo_within.total_seconds() / 60)))
    history = about.histories[ticket.id]
    parts = {ticket.id: _to_undo(change.versions, history)}
    if not parts[ticket.id]:
        return Refusal(reason=_why_not(change, history))
    parts |= {id: _to_undo(same_change(change, about.histories[id]), about.histories[id]) for id in _reached(ticket.id, change, about)}
    tickets = {**about.tickets, ticket.id: ticket}
    if change.actor != about.actor and (barred := _barred([tickets[id] for id, versions in parts.items() if versions], about)):
        return barred
    happened: list[TicketEvent | Event] = []
    for id, versions in parts.items():
        if not versions:
            continue
        events = _undo_on(tickets[id], about.histories[id], versions, change, ticket.id, about)
        if isinstance(events, Refusal):
            return events
        happened += [what if id == ticket.id else on(id, what, about) for what in events]
    return happened


def _waiting_of(change: Change, ticket: Ticket) -> list[Approval]:
    """The answers of this change that wait before they go."""
    waiting = (one for one in ticket.approvals if one.kind is ApprovalKind.DELAY)
    return [one for one in waiting if (one.mail, one.asker) == (change.mail, change.actor.name)]


def _reached(main: int, change: Change, about: CommandContext) -> list[int]:
    """The other tickets that the change touched, followed from ticket to ticket: where several were merged into one, all of them."""
    found, new = {main}, {main}
    while new:
        versions = {id: change.versions if id == main else same_change(change, about.histories[id]) for id in new}
        named = {other for id in new for other in touched(about.histories[id], versions[id])}
        new = (named & set(about.histories)) - found
        found |= new
    return sorted(found - {main})


def _barred(tickets: Sequence[Ticket], about: CommandContext) -> Refusal | None:
    """The refusal where an agent would revert another person's change on a ticket on which the agent has no permission to work."""
    agent = about.organisation.agents.get(about.actor.name) if about.actor.kind is ActorKind.AGENT else None
    if agent is None:
        return None
    closed = [ticket.id for ticket in tickets if on_ticket(agent, ticket, about.organisation) < Right.WORK]
    return Refusal(reason="other-team", detail=str(closed[0])) if closed else None


def latest(ticket: Ticket, about: CommandContext) -> Change | None:
    """The latest change that this actor may revert.  The mail with the undo command and changes that are undone already do not count."""
    everybody, history = manages(about.actor, ticket, about), about.histories[ticket.id]
    for change in changes(history):
        own = change.actor == about.actor
        agents = change.actor.kind in (ActorKind.AGENT, ActorKind.ADMIN)
        asking = change.mail is not None and change.mail == about.mail
        opens = any(isinstance(history[version - 1].what, TicketOpened) for version in change.versions)
        if agents and (own or everybody) and not asking and not opens and counting(history) & set(change.versions):
            return change
    return None


def touched(history: History, versions: Collection[int]) -> Iterator[int]:
    """The numbers of the other tickets that these events touched, also by the events they undid."""
    for version in versions:
        match history[version - 1].what:
            case Linked(ticket=other) | MergedInto(survivor=other) | MergedFrom(ticket=other):
                yield other
            case MailMoved(to=to, came_from=came_from):
                yield from (other for other in (to, came_from) if other is not None)
            case PlaybookStarted(tasks=tasks):
                yield from tasks
            case Undone(undone=undone):
                yield from touched(history, undone)


def _to_undo(versions: Sequence[int], history: History) -> tuple[int, ...]:
    count = counting(history)
    return tuple(version for version in versions if version in count and not isinstance(history[version - 1].what, FOR_GOOD))


def _why_not(change: Change, history: History) -> str:
    """The key of the reason why nothing of the change can be undone."""
    stays = _stays(change.versions, history)
    return {"mail": "mail-sent", "invitation": "mail-sent", "erased": "erased-for-good"}.get(stays[0] if stays else "", "nothing-to-undo")


def _stays(versions: Sequence[int], history: History) -> tuple[str, ...]:
    """What of the change cannot be undone: keys of `stays` in the catalogues."""
    found = {_for_good(history[version - 1].what) for version in versions}
    return tuple(key for key in ("mail", "invitation", "erased") if key in found)


def _for_good(what: TicketEvent) -> str:
    match what:
        case MessageAdded(automatic=False):
            return "mail"
        case MeetingSet():
            return "invitation"
        case ContentErased():
            return "erased"
    return ""


def _undo_on(
    ticket: Ticket, history: History, versions: tuple[int, ...], change: Change, main: int, about: CommandContext
) -> list[TicketEvent] | Refusal:
    """The events on one of the tickets.  `main` is the ticket with the undo command."""
    happened = [history[version - 1].what for version in versions]
    origin = _origin(history, happened, change, main)
    restored = as_if(history, versions)
    if restored is None:  # impossible: the opening event cannot be undone
        return Refusal(reason="nothing-to-undo")
    if ticket.merged_into is not None and (origin is not None or restored.merged_into is not None):
        return Refusal(reason="merged-since", detail=str(ticket.merged_into))
    if origin is not None:
        return _redirected(ticket, happened, origin, about)
    plans = restored_plans(ticket, restored, happened)
    undone = Undone(
        undone=versions,
        restored=replace(restored, approvals_asked=ticket.approvals_asked, plans=plans),
        kept=kept(history, versions),
        stays=_stays(change.versions, history) if ticket.id == main else (),
        moved=_mails_moved(ticket, history, versions, about),
        of=change.actor.name,
        reopens=ticket.closed_at is not None and restored.closed_at is None,
        plans=other_plans(ticket.plans, plans),
        estimate=_estimate(ticket, restored),
        unmarked=next((what.sender for what in happened if isinstance(what, MarkedSpam)), ""),
    )
    back = taken_back(happened, about.customers)
    return back if isinstance(back, Refusal) else [undone, *back]


def _estimate(ticket: Ticket, restored: Ticket) -> EstimateSet | None:
    """How the undo changes the estimate."""
    if restored.estimate is None or restored.estimate == ticket.estimate:
        return None
    return EstimateSet(before=ticket.estimate, after=restored.estimate, by=restored.estimated_by, most=restored.estimate_most)


def _origin(history: History, happened: Sequence[TicketEvent], change: Change, main: int) -> int | None:
    """The ticket from which the change made this one; None where this one existed before."""
    if history[0].ticket != main and 1 in same_change(change, history):
        return main
    return next((what.ticket for what in happened if isinstance(what, Linked) and what.relation == SPLIT_FROM), None)


def _redirected(ticket: Ticket, happened: Sequence[TicketEvent], origin: int, about: CommandContext) -> list[TicketEvent] | Refusal:
    """Closes the ticket and redirects its number to the ticket it came from.  Refused where a customer wrote on it since."""
    brought = {what.mail for what in happened if isinstance(what, MailMoved)}
    here = about.mail_refs_of(ticket.id)
    if any(ref.by_customer and ref.id not in brought for ref in here):
        return Refusal(reason="answered-since", detail=str(ticket.id))
    closing = moved(ticket, transitions.CLOSED, about.organisation) if transitions.is_open(ticket.status, about.organisation) else []
    return [*closing, MergedInto(survivor=origin, mails=tuple(sorted(ref.id for ref in here)))]


def _mails_moved(ticket: Ticket, history: History, versions: tuple[int, ...], about: CommandContext) -> tuple[tuple[int, int], ...]:
    """Where mails move: back where these events had moved them, forward where an event that counts again had moved them.  A mail that was
    moved again since stays."""
    before, after = counting(history), counting(history, versions)
    goes: dict[int, int] = {}
    for what in _events(history, before - after):
        goes |= {mail: ticket.id for mail, to in brought(what) if mail in about.mails and about.mails[mail].ticket == to}
    here = about.mails_of(ticket.id)
    for what in _events(history, after - before):
        if isinstance(what, MergedInto):
            goes |= dict.fromkeys(here, what.survivor)
        goes |= {mail: to for mail, to in brought(what) if mail in here}
    return tuple(sorted(goes.items()))


def _events(history: History, versions: Collection[int]) -> list[TicketEvent]:
    """The events with these versions, in order.  An Undone moves mails only through the events it undid."""
    told = (history[version - 1].what for version in sorted(versions))
    return [what for what in told if not isinstance(what, Undone)]
