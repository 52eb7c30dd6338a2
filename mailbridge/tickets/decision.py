"""What a command decides: the events of each ticket, or the reason of a refusal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mailbridge.message.replacing import replace
from mailbridge.tickets.apply import apply
from mailbridge.tickets.command_context import CommandContext
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.handlers import customers
from mailbridge.tickets.history import brought
from mailbridge.tickets.model import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketChange:
    """The events of one ticket, and the ticket after them."""

    ticket: Ticket
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The result of a command.

    `refused`: '' or the key of a reason ('agents-only', 'unknown-status', …) that has a text in the templates.  `nearest`: a known word
    that was perhaps meant.  A command that changes nothing (closing a closed ticket) is not refused: it has no events.  An approval of a
    request that cannot be executed any more has both: the event of the decision, and `refused`.  `elsewhere`: changes of other tickets,
    recorded in the same transaction.
    """

    ticket: Ticket | None
    events: tuple[Event, ...] = ()
    elsewhere: tuple[TicketChange, ...] = ()
    refused: str = ""
    nearest: str = ""
    detail: str = ""


def context_after(about: CommandContext, decision: Decision) -> CommandContext:
    """The context of the next command: other tickets, mails and histories after this decision."""
    changes = [*decision.elsewhere]
    if decision.ticket is not None and decision.events:
        changes.append(TicketChange(ticket=decision.ticket, events=decision.events))
    if not changes:
        return about
    gone = {mail: to for change in changes for event in change.events for mail, to in brought(event.what)}
    said = {change.ticket.id: change.events for change in changes}
    born = {change.ticket.id for change in changes if change.ticket.version == len(change.events)}
    return replace(
        about,
        customers=customers.after(about.customers, (event for change in changes for event in change.events)),
        tickets={**about.tickets, **{change.ticket.id: change.ticket for change in decision.elsewhere}},
        read=about.read | born,
        mails={id: replace(ref, ticket=gone.get(id, ref.ticket)) for id, ref in about.mails.items()},
        histories={id: (*past, *said.get(id, ())) for id, past in about.histories.items()},
    )


def together(first: Decision, second: Decision) -> Decision:
    """Combines two decisions about the same ticket, in order."""
    changes = {change.ticket.id: change for change in first.elsewhere}
    for change in second.elsewhere:
        before = changes.get(change.ticket.id)
        changes[change.ticket.id] = TicketChange(ticket=change.ticket, events=(*(before.events if before else ()), *change.events))
    return Decision(
        ticket=second.ticket or first.ticket, events=(*first.events, *second.events), elsewhere=tuple(changes.values())
    )


def event_of(what: TicketEvent | Event, ticket: Ticket, about: CommandContext) -> Event:
    """The event of this command on this ticket.  An Event names its ticket and actor itself and stays as it is."""
    if isinstance(what, Event):
        return what
    return Event(ticket=ticket.id, at=about.now, actor=about.actor, what=what, mail=about.mail)


def decision_of(ticket: Ticket, events: Iterable[Event], others: Mapping[int, Ticket]) -> Decision:
    """The decision with these events, sorted by ticket and applied.  `others`: the other tickets that they touch."""
    after: dict[int, Ticket] = {ticket.id: ticket}
    said: dict[int, list[Event]] = {ticket.id: []}
    for event in events:
        after[event.ticket] = apply(after.get(event.ticket) or others.get(event.ticket), event)
        said.setdefault(event.ticket, []).append(event)
    elsewhere = tuple(TicketChange(ticket=after[id], events=tuple(events)) for id, events in said.items() if id != ticket.id)
    return Decision(ticket=after[ticket.id], events=tuple(said[ticket.id]), elsewhere=elsewhere)
