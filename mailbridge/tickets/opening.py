"""The opening of a ticket: the only command for a ticket that does not exist yet."""

from __future__ import annotations

from collections.abc import Iterator

from mailbridge.organisation import transitions
from mailbridge.organisation.follow_the_sun import lands_with
from mailbridge.tickets.actor import DESK, Actor, ActorKind
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

_OPENED_WITH = ("team", "priority", "status")


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
        chosen_by=tuple((what, f"{by.kind} {by.name}") for what, by in command.chosen_by if what in _OPENED_WITH),
        identity=command.identity,
    )
    sent = bool(command.said_by) and not command.reported
    first = MessageAdded(
        author=command.said_by or command.requester.address,
        to_customer=sent and not command.internal,
        internal=command.internal,
        encrypted=command.encrypted,
    )
    chosen: list[tuple[str, TicketEvent]] = [] if command.waits else [("", first)]
    if command.type:
        chosen.append(("type", TypeChanged(before="", after=command.type)))
    chosen += _tagged(command)
    handed_round = ((FOLLOW, wanted),) if team != wanted else ()
    fields = (*command.fields, *handed_round)
    chosen += [(f"field {name}", field_set(name, value, command.rules_version)) for name, value in fields]
    if command.assignee:
        own = command.assignee == command.said_by  # the agent who wrote first is the assignee
        chosen.append(("" if own else "assignee", AssigneeChanged(before="", after=command.assignee)))
    chosen += [(f"cc {other.address}", ParticipantAdded(participant=other)) for other in command.others]
    if command.follows:
        chosen.append(("", Linked(relation="possible-follow-up", ticket=command.follows)))
    if not at_once:
        chosen.append(("status", state.change(transitions.NEW, wished.name, about.organisation)))
    opening = Event(ticket=ticket_id, at=about.now, actor=about.actor, what=opened, mail=about.mail)
    ticket, events = apply(None, opening), [opening]
    for value, what in chosen:
        by = _chooser(value, command, about.actor)
        events.append(Event(ticket=ticket_id, at=about.now, actor=by, what=what, mail=about.mail))
        ticket = apply(ticket, events[-1])
    return Decision(ticket=ticket, events=tuple(events))


def _tagged(command: Open) -> Iterator[tuple[str, TicketEvent]]:
    """One event for the tags of each rule."""
    by = dict(command.chosen_by)
    groups: dict[Actor | None, list[str]] = {}
    for tag in command.tags:
        groups.setdefault(by.get(f"tag {tag}"), []).append(tag)
    yield from ((f"tag {tags[0]}", TagsAdded(tags=tuple(tags))) for tags in groups.values())


def _chooser(value: str, command: Open, actor: Actor) -> Actor:
    """What chose the value: a rule or the customer's entry, else the author of the mail for its text, its people and its thread, else the
    administrator at the command line, else the desk."""
    known = dict(command.chosen_by).get(value)
    if known is not None:
        return known
    of_mail = not value or value.startswith("cc ")
    return actor if of_mail or actor.kind is ActorKind.ADMIN else DESK
