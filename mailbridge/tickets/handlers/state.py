"""Handlers for the status of a ticket, due dates and snoozes."""

from __future__ import annotations

from collections.abc import Iterable

from mailbridge.config.suggest import nearest
from mailbridge.organisation import transitions
from mailbridge.organisation.model import Organisation
from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.command_context import CommandContext, HandlerResult, Refusal, unknown
from mailbridge.tickets.command_types.values import Close, EndSnooze, Reopen, SetDue, SetStatus, Snooze
from mailbridge.tickets.event_types.values import DueSet, Snoozed, SnoozeEnded, StatusChanged
from mailbridge.tickets.events import TicketEvent
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.permissions import may_move


def set_status(ticket: Ticket, command: SetStatus, about: CommandContext) -> HandlerResult:
    return _to(ticket, command.status, about)


def close(ticket: Ticket, command: Close, about: CommandContext) -> HandlerResult:
    """Also closes a ticket that is only resolved: closed is the final status."""
    return _to(ticket, transitions.CLOSED, about)


def reopen(ticket: Ticket, command: Reopen, about: CommandContext) -> HandlerResult:
    return [] if transitions.is_open(ticket.status, about.organisation) else _to(ticket, transitions.OPEN, about)


def set_due(ticket: Ticket, command: SetDue, about: CommandContext) -> HandlerResult:
    if command.at is not None and command.at <= about.now:
        return Refusal(reason="in-the-past")
    if command.at is not None and ticket.closed_at is not None:
        return Refusal(reason="is-closed")
    return [] if command.at == ticket.due_at else [DueSet(before=ticket.due_at, after=command.at)]


def snooze(ticket: Ticket, command: Snooze, about: CommandContext) -> HandlerResult:
    if command.until <= about.now:
        return Refusal(reason="in-the-past")
    if ticket.closed_at is not None:
        return Refusal(reason="is-closed")
    return [] if command.until == ticket.snoozed_until else [Snoozed(until=command.until)]


def wake(ticket: Ticket, command: EndSnooze, about: CommandContext) -> HandlerResult:
    """Ends the snooze that this moment belongs to.  A longer snooze that was set since stays."""
    return [SnoozeEnded()] if ticket.snoozed_until == command.until else []


def moved(ticket: Ticket, name: str, organisation: Organisation) -> list[TicketEvent]:
    """The event that sets the status."""
    return [change(ticket.status, name, organisation)]


def change(before: str, after: str, organisation: Organisation) -> StatusChanged:
    """The status change, with its effect on the clocks and on the end of the work."""
    old, new = transitions.status(before, organisation), transitions.status(after, organisation)
    return StatusChanged(
        before=old.name,
        after=new.name,
        closes=old.open and not new.open,
        reopens=new.open and not old.open,
        waits=new.open and new.waiting,
    )


def _to(ticket: Ticket, name: str, about: CommandContext) -> HandlerResult:
    """The status as an actor asked for it.  Agents are bound by the transitions and movers of `rules/statuses.yaml`; rules, clocks and the
    command line are not."""
    organisation = about.organisation
    if name not in transitions.statuses(organisation):
        known = transitions.statuses(organisation)
        titles = (transitions.status(one, organisation).titles.get(_language(about), one) for one in known)
        return unknown("unknown-status", _near(name, known, about), titles)
    if name == ticket.status:
        return []
    if about.actor.kind is ActorKind.AGENT:
        before, after = transitions.status(ticket.status, organisation), transitions.status(name, organisation)
        ways = transitions.ways(before, organisation)
        if name not in ways:
            shown = (transitions.status(way, organisation).titles.get(_language(about), way) for way in ways)
            return Refusal(reason="no-such-way", nearest=_near(name, ways, about), detail=", ".join(shown))
        if not may_move(about.actor.name, after.may, ticket, organisation):
            return Refusal(reason=f"for-{after.may}s", detail=name)
    return moved(ticket, name, organisation)


def _near(name: str, known: Iterable[str], about: CommandContext) -> str:
    """The status that was probably meant, as it was written: by its name, or by its title in any language."""
    statuses = [transitions.status(each, about.organisation) for each in known]
    titles = [title for status in statuses for title in (status.title_in(_language(about)), status.title, *status.titles.values())]
    return nearest(name, [*(title.lower() for title in titles), *(status.name for status in statuses)])


def _language(about: CommandContext) -> str:
    agent = about.organisation.agents.get(about.actor.name)
    return agent.language if agent else ""
