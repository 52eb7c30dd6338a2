"""Commands are judged here and only here: what a command means on this ticket, for this actor, now.

`decide` returns the events that come of it, or the reason why not; it changes nothing.  Rules, mails, clocks and the command line go
through the same door, so a permission or a state is checked once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import assert_never

from mailbridge.desk import states
from mailbridge.desk.commands import (
    AddParticipant,
    AddTags,
    Answer,
    Assign,
    Close,
    Command,
    Note,
    Open,
    RaiseAlert,
    Reopen,
    ReportFailure,
    SetField,
    SetPriority,
    SetStatus,
    SetTeam,
    SetType,
    Write,
)
from mailbridge.desk.events import (
    Actor,
    ActorKind,
    AlertRaised,
    AssigneeChanged,
    DeliveryFailed,
    Event,
    FieldSet,
    Happening,
    Linked,
    MessageAdded,
    ParticipantAdded,
    PriorityChanged,
    StatusChanged,
    TagsAdded,
    TeamChanged,
    TicketOpened,
    TypeChanged,
)
from mailbridge.desk.evolve import evolve
from mailbridge.desk.model import Organisation, Participant, Role, Team, Ticket
from mailbridge.desk.permissions import may


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What comes of a command.  `refused` is '' or the key of a reason ('agents-only', 'unknown-status', …) that templates word;
    `nearest` a word that was perhaps meant.  A command that changes nothing (closing what is closed) is no refusal: no events."""

    ticket: Ticket | None
    events: tuple[Event, ...] = ()
    refused: str = ""
    nearest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Who asks, when, in which desk, because of which stored mail."""

    actor: Actor
    now: datetime
    organisation: Organisation
    mail: int | None = None


def open_ticket(ticket_id: int, command: Open, about: Circumstances) -> Decision:
    """The events of a new ticket: opened, then one event for each thing that was chosen for it."""
    team = command.team or about.organisation.default_team
    status = command.status or states.NEW
    opened = TicketOpened(
        subject=command.subject,
        requester=command.requester,
        status=status,
        priority=command.priority,
        team=team,
        channel=command.channel,
        language=command.language,
        verified=command.verified,
        rules_version=command.rules_version,
    )
    chosen: list[Happening] = [MessageAdded(author=command.requester.address)]
    if command.type:
        chosen.append(TypeChanged(before="", after=command.type))
    if command.tags:
        chosen.append(TagsAdded(tags=command.tags))
    chosen += [FieldSet(name=name, value=value) for name, value in command.fields]
    if command.assignee:
        chosen.append(AssigneeChanged(before="", after=command.assignee))
    chosen += [ParticipantAdded(participant=other) for other in command.others]
    if command.follows:
        chosen.append(Linked(relation="possible-follow-up", ticket=command.follows))
    rule = Actor(kind=ActorKind.RULE, name=command.rule) if command.rule else about.actor
    first = Event(ticket=ticket_id, at=about.now, actor=about.actor, what=opened, mail=about.mail)
    ticket, events = evolve(None, first), [first]
    for what in chosen:
        by = about.actor if isinstance(what, (MessageAdded, ParticipantAdded, Linked)) else rule
        events.append(Event(ticket=ticket_id, at=about.now, actor=by, what=what, mail=about.mail))
        ticket = evolve(ticket, events[-1])
    return Decision(ticket=ticket, events=tuple(events))


def decide(ticket: Ticket, command: Command, about: Circumstances) -> Decision:
    """What `command` does to `ticket`; the ticket after it and the events, or the reason why not."""
    reason = may(about.actor, command, ticket, about.organisation)
    if reason:
        return Decision(ticket=ticket, refused=reason)
    outcome = _happenings(ticket, command, about)
    if isinstance(outcome, Decision):
        return outcome
    events = tuple(Event(ticket=ticket.id, at=about.now, actor=about.actor, what=what, mail=about.mail) for what in outcome)
    after = ticket
    for event in events:
        after = evolve(after, event)
    return Decision(ticket=after, events=events)


def _happenings(ticket: Ticket, command: Command, about: Circumstances) -> list[Happening] | Decision:
    organisation = about.organisation
    match command:
        case Write():
            return _written(ticket, command, organisation)
        case Answer():
            return _answered(ticket, about)
        case Note():
            return [MessageAdded(author=about.actor.name, internal=True)]
        case SetStatus(status=name):
            return _to_status(ticket, name, organisation)
        case Close():
            return _to_status(ticket, states.CLOSED, organisation) if states.is_open(ticket.status, organisation) else []
        case Reopen():
            return [] if states.is_open(ticket.status, organisation) else _to_status(ticket, states.OPEN, organisation)
        case Assign(agent=name):
            return _assigned(ticket, name, organisation)
        case SetTeam(team=name):
            return _to_team(ticket, name, organisation)
        case SetPriority(priority=priority):
            return [] if priority is ticket.priority else [PriorityChanged(before=ticket.priority, after=priority)]
        case SetType(type=type_):
            return [] if type_ == ticket.type else [TypeChanged(before=ticket.type, after=type_)]
        case AddTags(tags=tags):
            new = tuple(tag for tag in tags if tag not in ticket.tags)
            return [TagsAdded(tags=new)] if new else []
        case SetField(name=name, value=value):
            return [] if (name, value) in ticket.fields else [FieldSet(name=name, value=value)]
        case AddParticipant(address=address):
            return _joined(ticket, address)
        case RaiseAlert(promise=promise, alert=alert, due_at=due_at):
            return [AlertRaised(promise=promise, alert=alert, due_at=due_at)]
        case ReportFailure(recipient=recipient, what=what, reason=reason):
            return [DeliveryFailed(recipient=recipient, what=what, reason=reason)]
        case Open():
            raise ValueError("a ticket that exists cannot be opened; use open_ticket")
        case _:
            assert_never(command)


def _written(ticket: Ticket, command: Write, organisation: Organisation) -> list[Happening]:
    happened: list[Happening] = [MessageAdded(author=command.author, automatic=command.automatic)]
    if command.automatic:
        return happened
    state = states.status(ticket.status, organisation)
    if not state.open or state.waiting:
        happened += _status_change(ticket, states.OPEN, organisation)
    known = {p.address.lower() for p in ticket.participants}
    happened += [ParticipantAdded(participant=other) for other in command.others if other.address.lower() not in known]
    return happened


def _answered(ticket: Ticket, about: Circumstances) -> list[Happening]:
    happened: list[Happening] = [MessageAdded(author=about.actor.name, to_customer=True)]
    team = about.organisation.teams.get(ticket.team, Team(name="", title=""))
    if not ticket.assignee and team.answer_owns and about.actor.kind is ActorKind.AGENT:
        happened.append(AssigneeChanged(before="", after=about.actor.name))
    if ticket.status == states.NEW:
        happened += _status_change(ticket, states.OPEN, about.organisation)
    return happened


def _to_status(ticket: Ticket, name: str, organisation: Organisation) -> list[Happening] | Decision:
    if name not in states.statuses(organisation):
        return Decision(ticket=ticket, refused="unknown-status", nearest=_nearest(name, states.statuses(organisation)))
    return [] if name == ticket.status else _status_change(ticket, name, organisation)


def _status_change(ticket: Ticket, name: str, organisation: Organisation) -> list[Happening]:
    before, after = states.status(ticket.status, organisation), states.status(name, organisation)
    return [
        StatusChanged(
            before=before.name,
            after=after.name,
            closes=before.open and not after.open,
            reopens=after.open and not before.open,
            waits=after.open and after.waiting,
        )
    ]


def _assigned(ticket: Ticket, name: str, organisation: Organisation) -> list[Happening] | Decision:
    agent = organisation.agents.get(name)
    if name and (agent is None or not agent.active):
        return Decision(ticket=ticket, refused="unknown-agent", nearest=_nearest(name, organisation.agents))
    happened: list[Happening] = [] if name == ticket.assignee else [AssigneeChanged(before=ticket.assignee, after=name)]
    if name and ticket.status == states.NEW:
        happened += _status_change(ticket, states.OPEN, organisation)
    return happened


def _joined(ticket: Ticket, address: str) -> list[Happening]:
    known = ticket.participant(address)
    if known is not None and known.role is not Role.MENTIONED:
        return []
    return [ParticipantAdded(participant=Participant(address=address, name=known.name if known else "", role=Role.PARTICIPANT))]


def _to_team(ticket: Ticket, name: str, organisation: Organisation) -> list[Happening] | Decision:
    if name not in organisation.teams:
        return Decision(ticket=ticket, refused="unknown-team", nearest=_nearest(name, organisation.teams))
    if name == ticket.team:
        return []
    happened: list[Happening] = [TeamChanged(before=ticket.team, after=name)]
    if ticket.assignee and ticket.assignee not in organisation.teams[name].members:
        happened.append(AssigneeChanged(before=ticket.assignee, after=""))
    return happened


def _nearest(word: str, known: Iterable[str]) -> str:
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.5)), "")
