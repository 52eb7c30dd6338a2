"""Decides commands: what a command does to this ticket, for this actor, now.

`decide` returns the events, or the reason of a refusal.  It changes nothing.  Rules, mails, clocks and the command line all use it, so each
permission and state is checked in one place.  `tickets.handlers` has one handler for each command.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mailbridge.organisation import transitions
from mailbridge.organisation.follow_the_sun import lands_with
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.apply import apply
from mailbridge.tickets.command_context import (
    CommandContext,  # for callers of `decide`
    Handler,
    HandlerResult,
    HeldRequest,
    Refusal,
)
from mailbridge.tickets.command_types.escalation import Approve, Escalate, ExpireApproval, RaiseAlert, Reject, RemindApproval
from mailbridge.tickets.command_types.mails import AgentReply, CustomerMessage, InternalNote, Open, ReportFailure
from mailbridge.tickets.command_types.people import (
    AddParticipant,
    AnswerInvitation,
    RemoveParticipant,
    RevokeAddresses,
    ScheduleMeeting,
    SetRequester,
)
from mailbridge.tickets.command_types.relations import Erase, Link, Merge, Split, StartPlaybook, Undo
from mailbridge.tickets.command_types.values import (
    AddTags,
    Assign,
    Close,
    EndSnooze,
    MatchContract,
    RemoveTags,
    Reopen,
    SetChannel,
    SetContract,
    SetDue,
    SetEquipment,
    SetField,
    SetPriority,
    SetProject,
    SetStatus,
    SetSubject,
    SetTeam,
    SetType,
    Snooze,
)
from mailbridge.tickets.command_types.work import CorrectWork, RecordWork, SetEstimate
from mailbridge.tickets.commands import Command
from mailbridge.tickets.event_types.escalation import ApprovalDecided, ApprovalRequested
from mailbridge.tickets.event_types.mails import MessageAdded, TicketOpened
from mailbridge.tickets.event_types.people import ParticipantAdded
from mailbridge.tickets.event_types.relations import Linked
from mailbridge.tickets.event_types.values import AssigneeChanged, FieldSet, TagsAdded, TypeChanged
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.handlers import (
    approvals,
    attributes,
    contracts,
    escalation,
    mail,
    meetings,
    people,
    playbooks,
    relations,
    state,
    work,
)
from mailbridge.tickets.handlers.surviving import surviving
from mailbridge.tickets.handlers.undo import undo
from mailbridge.tickets.history import brought
from mailbridge.tickets.model import FOLLOW, Approval, Ticket
from mailbridge.tickets.permissions import may
from mailbridge.tickets.requests import Request


def _approve(ticket: Ticket, command: Approve, about: CommandContext) -> HandlerResult:
    """Records the approval and executes the request as its author, on the tickets in their current state."""
    waiting = approvals.held(ticket, command.approval, about)
    if isinstance(waiting, Refusal):
        return waiting
    held = about.held[waiting.id]
    if held.unreadable and held.commands:
        return approvals.ask_again(ticket, waiting, held, about)
    done = _as_held(ticket, waiting, held, about)
    if isinstance(done, str):
        return [approvals.decided(waiting, granted=True, reason=command.reason, refused=done)]
    return [approvals.decided(waiting, granted=True, reason=command.reason), *done]


def _as_held(ticket: Ticket, waiting: Approval, held: HeldRequest, about: CommandContext) -> list[Event] | str:
    """The events of the held request, on this ticket or on the tickets it names; the key of the reason where one of them refuses.

    The approval covers its trigger, on the tickets it was asked for.  Anything else that needs an approval is asked for now.
    """
    asker = about.organisation.agents.get(waiting.asker)
    if asker is None or not asker.active:
        return "asker-left"
    if not held.commands:
        return "not-understood-now"
    without = replace(ticket, approvals=tuple(one for one in ticket.approvals if one.id != waiting.id))
    tickets, events = {**about.tickets, ticket.id: without}, list[Event]()
    for number, commands in held.on:
        of = surviving(number, tickets)
        if of is None:
            return "unknown-ticket"
        context = replace(approvals.as_the_asker(waiting, about), tickets=tickets, agreed=held.agreed)
        done, (one,) = decide_requests(of, [Request(commands=commands, words=waiting.line)], context)
        if one.refused:
            return one.refused
        events += [*done.events, *(event for change in done.elsewhere for event in change.events)]
        tickets |= {change.ticket.id: change.ticket for change in done.elsewhere} | {of.id: done.ticket or of}
    return events


HANDLERS: Mapping[type[Command], Handler] = {
    CustomerMessage: mail.write,
    AgentReply: mail.answer,
    InternalNote: mail.note,
    RaiseAlert: mail.raise_alert,
    ReportFailure: mail.report_failure,
    SetStatus: state.set_status,
    Close: state.close,
    Reopen: state.reopen,
    SetDue: state.set_due,
    Snooze: state.snooze,
    EndSnooze: state.wake,
    Assign: people.assign,
    SetTeam: people.set_team,
    AddParticipant: people.add_participant,
    RemoveParticipant: people.remove_participant,
    RevokeAddresses: people.revoke_addresses,
    SetRequester: people.set_requester,
    SetChannel: people.set_channel,
    SetPriority: attributes.set_priority,
    SetType: attributes.set_type,
    AddTags: attributes.add_tags,
    RemoveTags: attributes.remove_tags,
    SetSubject: attributes.set_subject,
    SetContract: contracts.set_contract,
    MatchContract: contracts.match_contract,
    SetProject: contracts.set_project,
    SetEquipment: contracts.set_equipment,
    ScheduleMeeting: meetings.schedule_meeting,
    AnswerInvitation: meetings.answer_invitation,
    SetField: attributes.set_field,
    Link: relations.link,
    Merge: relations.merge,
    Split: relations.split,
    Undo: undo,
    Erase: relations.erase,
    StartPlaybook: playbooks.start,
    RecordWork: work.record_work,
    CorrectWork: work.correct_work,
    SetEstimate: work.set_estimate,
    Escalate: escalation.escalate,
    Approve: _approve,
    Reject: approvals.reject,
    RemindApproval: approvals.remind,
    ExpireApproval: approvals.expire,
}


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
    chosen += [FieldSet(name=name, value=value) for name, value in (*command.fields, *handed_round)]
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


def decide(ticket: Ticket, command: Command, about: CommandContext) -> Decision:
    """What `command` does to `ticket` and to other tickets: the ticket after it and the events, or the reason of a refusal."""
    reason = may(about.actor, command, ticket, about.organisation)
    if reason:
        return Decision(ticket=ticket, refused=reason)
    handler = HANDLERS.get(type(command))
    if handler is None:
        raise ValueError(f"{type(command).__name__} is not for a ticket that exists")
    outcome = handler(ticket, command, about)
    if not isinstance(outcome, Refusal):
        outcome = _not_elsewhere(command, about, outcome) or outcome
    if not isinstance(outcome, Refusal) and (need := approvals.needed(ticket, command, about, outcome)):
        outcome = approvals.ask(ticket, need, about)
    if isinstance(outcome, Refusal):
        return Decision(ticket=ticket, refused=outcome.reason, nearest=outcome.nearest, detail=outcome.detail)
    events = [_event(what, ticket, about) for what in outcome]
    done = _applied(ticket, events, about.tickets)
    if follows := _contract_follows(ticket, command, done, about):
        done = _applied(ticket, [*events, *follows], about.tickets)
    refused = next((what.refused for what in outcome if isinstance(what, ApprovalDecided)), "")
    return replace(done, refused=refused) if refused else done


CHOOSE_THEMSELVES = (SetContract, MatchContract, SetProject, Undo, Erase)  # commands after which no contract is chosen again


def _contract_follows(ticket: Ticket, command: Command, done: Decision, about: CommandContext) -> list[Event]:
    """The events that choose the contract again after the command.  An undo restores the contract itself."""
    after = done.ticket
    if after is None or isinstance(command, CHOOSE_THEMSELVES) or _contract_keys(after) == _contract_keys(ticket):
        return []
    return [_event(what, ticket, about) for what in contracts.rematched(ticket, after, about)]


def _contract_keys(ticket: Ticket) -> tuple[object, ...]:
    """The values of the ticket that the choice of a contract depends on."""
    fields = dict(ticket.fields)
    found = (fields.get(contracts.EQUIPMENT), fields.get(contracts.LOCATION))
    return (ticket.requester and ticket.requester.address, ticket.type, ticket.priority, *found)


def _not_elsewhere(command: Command, about: CommandContext, outcome: Sequence[TicketEvent | Event]) -> Refusal | None:
    """The refusal where the command would change another ticket without permission.  An approved request was checked with its author's
    permissions.  A ticket that the command opens is not checked."""
    if isinstance(command, Approve):
        return None
    others = dict.fromkeys(what.ticket for what in outcome if isinstance(what, Event) and what.ticket in about.tickets)
    reasons = ((may(about.actor, command, about.tickets[number], about.organisation), number) for number in others)
    return next((Refusal(reason=reason, detail=str(number)) for reason, number in reasons if reason), None)


def decide_requests(
    ticket: Ticket | int, requests: Sequence[Request], about: CommandContext
) -> tuple[Decision, tuple[Decision, ...]]:
    """Decides the requests in order, each on the ticket that the one before left, each as a whole or not at all.

    Returns the combined decision and the decision of each request.  `ticket` a number: the first request opens it.
    """
    decisions: list[Decision] = []
    whole = Decision(ticket=None)
    at: Ticket | int = ticket
    for request in requests:
        asked = replace(about, actor=request.actor or about.actor, request=request.commands, words=request.words)
        decisions.append(_request(at, request.commands, asked))
        whole = together(whole, decisions[-1])
        about = _after(about, decisions[-1])
        at = whole.ticket or at
    return replace(whole, ticket=at if isinstance(at, Ticket) else None), tuple(decisions)


def _request(ticket: Ticket | int, commands: Sequence[Command], about: CommandContext) -> Decision:
    if isinstance(ticket, int):
        (command,) = commands
        if not isinstance(command, Open):
            raise ValueError(f"{type(command).__name__} is not for a ticket that is not open yet")
        return open_ticket(ticket, command, about)
    done, at = Decision(ticket=ticket), about
    for command in commands:
        one = decide(done.ticket or ticket, command, at)
        if one.refused:
            return replace(one, ticket=ticket) if not one.events else one
        if any(isinstance(event.what, ApprovalRequested) for event in one.events) and not isinstance(command, Approve):
            return _applied(ticket, one.events, about.tickets)  # the whole request is held
        done, at = together(done, one), _after(at, one)
    return done


def hold(ticket: Ticket, request: Request, why: str, tickets: Sequence[int], about: CommandContext) -> Decision:
    """Holds the request for these tickets on `ticket` until its author confirms, for this reason.  No tickets: it is for `ticket`."""
    need = approvals.of_the_asker(why, about)
    asked = replace(about, request=request.commands, words=request.words)
    outcome = approvals.ask(ticket, need, asked, tickets=tuple(tickets))
    if isinstance(outcome, Refusal):
        return Decision(ticket=ticket, refused=outcome.reason, detail=outcome.detail)
    return _applied(ticket, [_event(what, ticket, asked) for what in outcome], about.tickets)


def _after(about: CommandContext, decision: Decision) -> CommandContext:
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


def _event(what: TicketEvent | Event, ticket: Ticket, about: CommandContext) -> Event:
    if isinstance(what, Event):
        return what
    return Event(ticket=ticket.id, at=about.now, actor=about.actor, what=what, mail=about.mail)


def _applied(ticket: Ticket, events: Iterable[Event], others: Mapping[int, Ticket]) -> Decision:
    """Sorts the events by ticket and applies them."""
    after: dict[int, Ticket] = {ticket.id: ticket}
    said: dict[int, list[Event]] = {ticket.id: []}
    for event in events:
        after[event.ticket] = apply(after.get(event.ticket) or others.get(event.ticket), event)
        said.setdefault(event.ticket, []).append(event)
    elsewhere = tuple(TicketChange(ticket=after[id], events=tuple(events)) for id, events in said.items() if id != ticket.id)
    return Decision(ticket=after[ticket.id], events=tuple(said[ticket.id]), elsewhere=elsewhere)
