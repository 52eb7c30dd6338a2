"""Undo: what an agent's latest mail did is taken back, here and on the tickets it touched besides, by new events.

The ticket becomes what its history tells without those events (`desk.past`): whatever somebody else did since stays.  A ticket that the
doing had opened cannot vanish, because its number is for life; it is closed and points to the ticket it came from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from mailbridge.organisation import transitions
from mailbridge.tickets.command_context import CommandContext, Judgement, Refusal, on
from mailbridge.tickets.commands import Undo
from mailbridge.tickets.events import (
    ActorKind,
    ContentErased,
    Event,
    Linked,
    MailMoved,
    MeetingSet,
    MergedFrom,
    MergedInto,
    MessageAdded,
    PlaybookStarted,
    TicketEvent,
    TicketOpened,
    Undone,
)
from mailbridge.tickets.handlers.relations import SPLIT_FROM, manages
from mailbridge.tickets.handlers.state import moved
from mailbridge.tickets.history import FOR_GOOD, Change, as_if, brought, changes, counting, kept, same_change
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.permissions import Right, on_ticket

History = Sequence[Event]


def undo(ticket: Ticket, command: Undo, about: CommandContext) -> Judgement:
    """The latest doing of this agent (of anybody, for a manager) is taken back, if it is not too long ago."""
    doing = latest(ticket, about)
    if doing is None:
        return Refusal(reason="nothing-to-undo")
    if about.now - doing.at > about.undo_within:
        return Refusal(reason="undo-too-late", detail=str(round(about.undo_within.total_seconds() / 60)))
    history = about.histories[ticket.id]
    parts = {ticket.id: _to_undo(doing.versions, history)}
    if not parts[ticket.id]:
        return Refusal(reason=_why_not(doing, history))
    parts |= {id: _to_undo(same_change(doing, about.histories[id]), about.histories[id]) for id in _reached(ticket.id, doing, about)}
    tickets = {**about.tickets, ticket.id: ticket}
    if doing.actor != about.actor and (barred := _barred([tickets[id] for id, versions in parts.items() if versions], about)):
        return barred
    happened: list[TicketEvent | Event] = []
    for id, versions in parts.items():
        if not versions:
            continue
        judged = _taken_back(tickets[id], about.histories[id], versions, doing, ticket.id, about)
        if isinstance(judged, Refusal):
            return judged
        happened += [what if id == ticket.id else on(id, what, about) for what in judged]
    return happened


def _reached(main: int, doing: Change, about: CommandContext) -> list[int]:
    """The other tickets that the doing touched, from ticket to ticket: of several that it merged into one, all."""
    found, new = {main}, {main}
    while new:
        versions = {id: doing.versions if id == main else same_change(doing, about.histories[id]) for id in new}
        named = {other for id in new for other in touched(about.histories[id], versions[id])}
        new = (named & set(about.histories)) - found
        found |= new
    return sorted(found - {main})


def _barred(tickets: Sequence[Ticket], about: CommandContext) -> Refusal | None:
    """The refusal where an agent would take back what somebody else did on a ticket that the agent may not work on."""
    agent = about.organisation.agents.get(about.actor.name) if about.actor.kind is ActorKind.AGENT else None
    if agent is None:
        return None
    closed = [ticket.id for ticket in tickets if on_ticket(agent, ticket, about.organisation) < Right.WORK]
    return Refusal(reason="other-team", detail=str(closed[0])) if closed else None


def latest(ticket: Ticket, about: CommandContext) -> Change | None:
    """What was done last and may be taken back by this actor; the mail that asks does not count, nor what is taken back already."""
    everybody, history = manages(about.actor, ticket, about), about.histories[ticket.id]
    for doing in changes(history):
        own = doing.actor == about.actor
        agents = doing.actor.kind in (ActorKind.AGENT, ActorKind.ADMIN)
        asking = doing.mail is not None and doing.mail == about.mail
        opens = any(isinstance(history[version - 1].what, TicketOpened) for version in doing.versions)
        if agents and (own or everybody) and not asking and not opens and counting(history) & set(doing.versions):
            return doing
    return None


def touched(history: History, versions: Collection[int]) -> Iterator[int]:
    """Numbers of the other tickets that these events touched, with those of the events they took back."""
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


def _why_not(doing: Change, history: History) -> str:
    """Nothing of the doing can be taken back: the key of the reason."""
    stays = _stays(doing.versions, history)
    return {"mail": "mail-sent", "invitation": "mail-sent", "erased": "erased-for-good"}.get(stays[0] if stays else "", "nothing-to-undo")


def _stays(versions: Sequence[int], history: History) -> tuple[str, ...]:
    """What of the doing is for good: keys of `stays` in words.j2."""
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


def _taken_back(
    ticket: Ticket, history: History, versions: tuple[int, ...], doing: Change, main: int, about: CommandContext
) -> list[TicketEvent] | Refusal:
    """What happens to one of the tickets; `main` is the one on which undo was asked."""
    happened = [history[version - 1].what for version in versions]
    origin = _origin(history, happened, doing, main)
    restored = as_if(history, versions)
    if restored is None:  # cannot be: what opened the ticket is for good
        return Refusal(reason="nothing-to-undo")
    if ticket.merged_into is not None and (origin is not None or restored.merged_into is not None):
        return Refusal(reason="merged-since", detail=str(ticket.merged_into))
    if origin is not None:
        return _redirected(ticket, happened, origin, about)
    undone = Undone(
        undone=versions,
        restored=replace(restored, approvals_asked=ticket.approvals_asked),
        kept=kept(history, versions),
        stays=_stays(doing.versions, history) if ticket.id == main else (),
        moved=_mails_moved(ticket, history, versions, about),
        of=doing.actor.name,
        reopens=ticket.closed_at is not None and restored.closed_at is None,
    )
    return [undone]


def _origin(history: History, happened: Sequence[TicketEvent], doing: Change, main: int) -> int | None:
    """The ticket from which the doing made this one, None where this one was there before."""
    if history[0].ticket != main and 1 in same_change(doing, history):
        return main
    return next((what.ticket for what in happened if isinstance(what, Linked) and what.relation == SPLIT_FROM), None)


def _redirected(ticket: Ticket, happened: Sequence[TicketEvent], origin: int, about: CommandContext) -> list[TicketEvent] | Refusal:
    """The ticket that should not be: closed, and its number leads to where it came from.  Not where a customer wrote on it since."""
    brought = {what.mail for what in happened if isinstance(what, MailMoved)}
    here = about.letters_of(ticket.id)
    if any(letter.by_customer and letter.id not in brought for letter in here):
        return Refusal(reason="answered-since", detail=str(ticket.id))
    closing = moved(ticket, transitions.CLOSED, about.organisation) if transitions.is_open(ticket.status, about.organisation) else []
    return [*closing, MergedInto(survivor=origin, mails=tuple(sorted(letter.id for letter in here)))]


def _mails_moved(ticket: Ticket, history: History, versions: tuple[int, ...], about: CommandContext) -> tuple[tuple[int, int], ...]:
    """Where mails go: back from where these events had brought them, forward where an event that counts again had brought them.  A mail
    that somebody moved further since stays there."""
    before, after = counting(history), counting(history, versions)
    goes: dict[int, int] = {}
    for what in _events(history, before - after):
        goes |= {mail: ticket.id for mail, to in brought(what) if mail in about.letters and about.letters[mail].ticket == to}
    here = about.mails_of(ticket.id)
    for what in _events(history, after - before):
        if isinstance(what, MergedInto):
            goes |= dict.fromkeys(here, what.survivor)
        goes |= {mail: to for mail, to in brought(what) if mail in here}
    return tuple(sorted(goes.items()))


def _events(history: History, versions: Collection[int]) -> list[TicketEvent]:
    """What these versions say, in order; an Undone moves mails only by what it takes back, and that is looked at itself."""
    told = (history[version - 1].what for version in sorted(versions))
    return [what for what in told if not isinstance(what, Undone)]
