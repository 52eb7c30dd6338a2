"""The opening of a ticket: the only command for a ticket that does not exist yet."""

from __future__ import annotations

from mailbridge.organisation import transitions
from mailbridge.organisation.follow_the_sun import lands_with
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.apply import apply
from mailbridge.tickets.command_context import CommandContext
from mailbridge.tickets.command_types.mails import Open
from mailbridge.tickets.decision import Decision
from mailbridge.tickets.event_types.mails import MessageAdded, TicketOpened
from mailbridge.tickets.event_types.people import ParticipantAdded
from mailbridge.tickets.event_types.relations import Linked
from mailbridge.tickets.event_types.values import AssigneeChanged, TagsAdded, TypeChanged, field_set
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.handlers import state
from mailbridge.tickets.model import FOLLOW


def open_ticket(ticket_id: int, command: Open, about: CommandContext) -> Decision:
    """The events of a new ticket: opened, then one event for each chosen value."""
    wanted = command.team or about.organisation.default_team
    team = lands_with(wanted, about.organisation, about.now)
    wished = transitions.status(command.status or transitions.NEW, about.organisation)
    at_once = wished.open and not wished.waiting  # any other status is set by its own event, which pauses the clocks or closes the ticket
    opened = TicketOpened(
        subject=command.subject,
        requester=command.requester,
        status=wished.name if at_once else transitions.NEW,
        priority=command.priority,
        team=team,
        channel=command.channel,
        language=command.language,
        verified=command.verified,
        rules_version=command.rules_version,
        asked_at=command.asked_at,
    )
    first = MessageAdded(author=command.said_by or command.requester.address, to_customer=bool(command.said_by))
    chosen: list[TicketEvent] = [first]
    if command.type:
        chosen.append(TypeChanged(before="", after=command.type))
    if command.tags:
        chosen.append(TagsAdded(tags=command.tags))
    handed_round = ((FOLLOW, wanted),) if team != wanted else ()
    fields = (*command.fields, *handed_round)
    chosen += [field_set(name, value, command.rules_version) for name, value in fields]
    if command.assignee:
        chosen.append(AssigneeChanged(before="", after=command.assignee))
    chosen += [ParticipantAdded(participant=other) for other in command.others]
    if command.follows:
        chosen.append(Linked(relation="possible-follow-up", ticket=command.follows))
    if not at_once:
        chosen.append(state.change(transitions.NEW, wished.name, about.organisation))
    rule = Actor(kind=ActorKind.RULE, name=command.rule) if command.rule else _chooser(about.actor)
    opening = Event(ticket=ticket_id, at=about.now, actor=about.actor, what=opened, mail=about.mail)
    ticket, events = apply(None, opening), [opening]
    for what in chosen:
        own = isinstance(what, AssigneeChanged) and what.after == command.said_by  # the agent who wrote first is the assignee
        by = about.actor if own or isinstance(what, (MessageAdded, ParticipantAdded, Linked)) else rule
        events.append(Event(ticket=ticket_id, at=about.now, actor=by, what=what, mail=about.mail))
        ticket = apply(ticket, events[-1])
    return Decision(ticket=ticket, events=tuple(events))


def _chooser(actor: Actor) -> Actor:
    """The actor of values that no rule chose: the administrator at the command line, else the desk.  The author of a mail chose none of
    them."""
    return actor if actor.kind is ActorKind.ADMIN else Actor(kind=ActorKind.SYSTEM, name="desk")
