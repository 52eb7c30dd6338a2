"""Where a ticket stands: its status, and when somebody has to look at it again."""

from __future__ import annotations

from mailbridge.organisation import transitions
from mailbridge.organisation.model import Organisation
from mailbridge.tickets.command_context import CommandContext, Judgement, Refusal, nearest
from mailbridge.tickets.commands import Close, EndSnooze, Reopen, SetDue, SetStatus, Snooze
from mailbridge.tickets.events import ActorKind, DueSet, Snoozed, SnoozeEnded, StatusChanged, TicketEvent
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.permissions import may_move


def set_status(ticket: Ticket, command: SetStatus, about: CommandContext) -> Judgement:
    return _to(ticket, command.status, about)


def close(ticket: Ticket, command: Close, about: CommandContext) -> Judgement:
    """Also what is merely resolved: closed is the end."""
    return _to(ticket, transitions.CLOSED, about)


def reopen(ticket: Ticket, command: Reopen, about: CommandContext) -> Judgement:
    return [] if transitions.is_open(ticket.status, about.organisation) else _to(ticket, transitions.OPEN, about)


def set_due(ticket: Ticket, command: SetDue, about: CommandContext) -> Judgement:
    if command.at is not None and command.at <= about.now:
        return Refusal(reason="in-the-past")
    if command.at is not None and ticket.closed_at is not None:
        return Refusal(reason="is-closed")
    return [] if command.at == ticket.due_at else [DueSet(before=ticket.due_at, after=command.at)]


def snooze(ticket: Ticket, command: Snooze, about: CommandContext) -> Judgement:
    if command.until <= about.now:
        return Refusal(reason="in-the-past")
    if ticket.closed_at is not None:
        return Refusal(reason="is-closed")
    return [] if command.until == ticket.snoozed_until else [Snoozed(until=command.until)]


def wake(ticket: Ticket, command: EndSnooze, about: CommandContext) -> Judgement:
    """Only the sleep this moment belongs to ends; a longer one that was asked for since goes on."""
    return [SnoozeEnded()] if ticket.snoozed_until == command.until else []


def moved(ticket: Ticket, name: str, organisation: Organisation) -> list[TicketEvent]:
    """The ticket's change to that status."""
    return [change(ticket.status, name, organisation)]


def change(before: str, after: str, organisation: Organisation) -> StatusChanged:
    """The change, with what it means for clocks and for the end of the work."""
    old, new = transitions.status(before, organisation), transitions.status(after, organisation)
    return StatusChanged(
        before=old.name,
        after=new.name,
        closes=old.open and not new.open,
        reopens=new.open and not old.open,
        waits=new.open and new.waiting,
    )


def _to(ticket: Ticket, name: str, about: CommandContext) -> Judgement:
    """As somebody asked for it.  What agents ask for goes by the ways and the movers of `rules/statuses.yaml`; rules, clocks and the
    command line are the admin's own and go anywhere."""
    organisation = about.organisation
    if name not in transitions.statuses(organisation):
        return Refusal(reason="unknown-status", nearest=nearest(name, transitions.statuses(organisation)))
    if name == ticket.status:
        return []
    if about.actor.kind is ActorKind.AGENT:
        before, after = transitions.status(ticket.status, organisation), transitions.status(name, organisation)
        ways = transitions.ways(before, organisation)
        if name not in ways:
            return Refusal(reason="no-such-way", nearest=nearest(name, ways), detail=", ".join(ways))
        if not may_move(about.actor.name, after.may, ticket, organisation):
            return Refusal(reason=f"for-{after.may}s", detail=name)
    return moved(ticket, name, organisation)
