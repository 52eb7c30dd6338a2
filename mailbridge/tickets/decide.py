"""Decides commands: what a command does to this ticket, for this actor, now.

`decide` returns the events, or the reason of a refusal.  It changes nothing.  Rules, mails, clocks and the command line all use it, so each
permission and state is checked in one place.  `tickets.handlers` has one handler for each command.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mailbridge.message.replacing import replace
from mailbridge.tickets.command_context import (
    CommandContext,  # for callers of `decide`
    Handler,
    HandlerResult,
    HeldRequest,
    Refusal,
)
from mailbridge.tickets.command_types.escalation import (
    Approve,
    Escalate,
    ExpireApproval,
    RaiseAlert,
    ReassignApproval,
    Reject,
    RemindApproval,
    SendWaiting,
    StopSending,
)
from mailbridge.tickets.command_types.mails import AgentReply, CustomerMessage, InternalNote, Open, ReportFailure
from mailbridge.tickets.command_types.people import (
    AddParticipant,
    AnswerInvitation,
    ChangeCustomer,
    RemoveParticipant,
    RevokeAddresses,
    ScheduleMeeting,
    SetRequester,
)
from mailbridge.tickets.command_types.plans import CancelPlan, PlanWork
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
from mailbridge.tickets.command_types.wishes import AskRating, Follow, MarkSpam, Mute, RateTicket
from mailbridge.tickets.command_types.work import AlertHours, CorrectWork, PauseForHours, RecordWork, SetEstimate
from mailbridge.tickets.commands import Command
from mailbridge.tickets.decision import Decision, context_after, decision_of, event_of, together
from mailbridge.tickets.event_types.escalation import ApprovalDecided, ApprovalRequested
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.handlers import (
    approvals,
    attributes,
    contracts,
    customers,
    escalation,
    mail,
    meetings,
    people,
    plans,
    playbooks,
    relations,
    state,
    wishes,
    work,
)
from mailbridge.tickets.handlers.surviving import surviving
from mailbridge.tickets.handlers.undo import undo
from mailbridge.tickets.model import Approval, ApprovalKind, Ticket
from mailbridge.tickets.opening import open_ticket
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


def _send(ticket: Ticket, command: SendWaiting, about: CommandContext) -> HandlerResult:
    """The answer that waited goes, with the changes of the same mail that waited with it.  A change that the ticket no longer allows does
    not keep the answer back: the reason is told."""
    waiting = next((one for one in ticket.approvals if one.id == command.approval and one.kind is ApprovalKind.DELAY), None)
    if waiting is None:
        return []
    held = about.held[waiting.id]
    done, refused = _each_as_held(ticket, waiting, held, about)
    return [approvals.decided(waiting, granted=True, refused=refused), *done]


def _each_as_held(ticket: Ticket, waiting: Approval, held: HeldRequest, about: CommandContext) -> tuple[list[Event], str]:
    """The events of the held commands, each by itself, and the first reason why one cannot be done.  Nothing is done without the answer."""
    asker = about.organisation.agents.get(waiting.asker)
    if asker is None or not asker.active:
        return [], "asker-left"
    if not held.commands:
        return [], "not-understood-now"
    without = replace(ticket, approvals=tuple(one for one in ticket.approvals if one.id != waiting.id))
    context = replace(approvals.as_the_asker(waiting, about), tickets={**about.tickets, ticket.id: without}, agreed=held.agreed)
    requests = [Request(commands=(command,), words=waiting.line) for command in held.commands]
    answer, _ = decide_requests(without, requests[:1], context)
    if answer.refused:
        return [], answer.refused
    if any(isinstance(event.what, ApprovalRequested) for event in answer.events):  # a colleague answered meanwhile: its author is asked
        requests = [Request(commands=held.commands, words=waiting.line)]
    done, each = decide_requests(without, requests, context)
    return [*done.events], next((one.refused for one in each if one.refused), "")


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
    ChangeCustomer: customers.change,
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
    PlanWork: plans.plan_work,
    CancelPlan: plans.cancel_plan,
    SetEstimate: work.set_estimate,
    AlertHours: work.alert_hours,
    PauseForHours: work.pause_for_hours,
    Escalate: escalation.escalate,
    Approve: _approve,
    Reject: approvals.reject,
    SendWaiting: _send,
    StopSending: approvals.stop,
    RemindApproval: approvals.remind,
    ExpireApproval: approvals.expire,
    ReassignApproval: approvals.reassign,
    Follow: wishes.follow,
    Mute: wishes.mute,
    MarkSpam: wishes.mark_spam,
    AskRating: wishes.ask_rating,
    RateTicket: wishes.rate,
}


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
    events = [event_of(what, ticket, about) for what in outcome]
    done = decision_of(ticket, events, about.tickets)
    follows = [*_contract_follows(ticket, command, done, about), *_plans_follow(ticket, command, done, about)]
    if follows := [*follows, *_rating_follows(ticket, command, done, about)]:
        done = decision_of(ticket, [*events, *follows], about.tickets)
    refused = next((what.refused for what in outcome if isinstance(what, ApprovalDecided)), "")
    return replace(done, refused=refused) if refused else done


CHOOSE_THEMSELVES = (SetContract, MatchContract, SetProject, Undo, Erase)  # commands after which no contract is chosen again


def _contract_follows(ticket: Ticket, command: Command, done: Decision, about: CommandContext) -> list[Event]:
    """The events that choose the contract again after the command.  An undo restores the contract itself."""
    after = done.ticket
    if after is None or isinstance(command, CHOOSE_THEMSELVES) or not _other_contract_keys(after, ticket):
        return []
    return [event_of(what, ticket, about) for what in contracts.rematched(ticket, after, about)]


def _plans_follow(ticket: Ticket, command: Command, done: Decision, about: CommandContext) -> list[Event]:
    """The events that cancel what is planned ahead on a ticket that the command closes.  An undo restores the plans itself."""
    after = done.ticket
    if after is None or isinstance(command, (Undo, Merge)) or ticket.closed_at is not None or after.closed_at is None:
        return []
    return [event_of(what, ticket, about) for what in plans.called_off(after, about)]


def _rating_follows(ticket: Ticket, command: Command, done: Decision, about: CommandContext) -> list[Event]:
    """The question for a rating, of a ticket that the command closes."""
    after = done.ticket
    if after is None or isinstance(command, (Undo, Merge)) or ticket.closed_at is not None or after.closed_at is None:
        return []
    return [event_of(what, ticket, about) for what in wishes.asked_with_closing(after, about)]


def _other_contract_keys(after: Ticket, before: Ticket) -> bool:
    """Whether the command changed a value that the choice of a contract depends on.  Most commands leave the tuples as they are."""
    if after.participants is before.participants and after.fields is before.fields:
        return (after.type, after.priority) != (before.type, before.priority)
    return _contract_keys(after) != _contract_keys(before)


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
    for number, request in enumerate(requests):
        about = context_after(about, decisions[-1]) if number else about
        asked = replace(about, actor=request.actor or about.actor, request=request.commands, words=request.words)
        decisions.append(_request(at, request.commands, asked))
        whole = together(whole, decisions[-1])
        at = whole.ticket or at
    return replace(whole, ticket=at if isinstance(at, Ticket) else None), tuple(decisions)


def _request(ticket: Ticket | int, commands: Sequence[Command], about: CommandContext) -> Decision:
    if isinstance(ticket, int):
        (command,) = commands
        if not isinstance(command, Open):
            raise ValueError(f"{type(command).__name__} is not for a ticket that is not open yet")
        return open_ticket(ticket, command, about)
    done, one, at = Decision(ticket=ticket), Decision(ticket=ticket), about
    for command in commands:
        at = context_after(at, one)
        one = decide(done.ticket or ticket, command, at)
        if one.refused:
            return replace(one, ticket=ticket) if not one.events else one
        if any(isinstance(event.what, ApprovalRequested) for event in one.events) and not isinstance(command, Approve | SendWaiting):
            return decision_of(ticket, one.events, about.tickets)  # the whole request is held
        done = together(done, one)
    return done


def hold(ticket: Ticket, request: Request, why: str, tickets: Sequence[int], about: CommandContext) -> Decision:
    """Holds the request for these tickets on `ticket` until its author confirms, for this reason.  No tickets: it is for `ticket`."""
    need = approvals.of_the_asker(why, about)
    asked = replace(about, request=request.commands, words=request.words)
    outcome = approvals.ask(ticket, need, asked, tickets=tuple(tickets))
    if isinstance(outcome, Refusal):
        return Decision(ticket=ticket, refused=outcome.reason, detail=outcome.detail)
    return decision_of(ticket, [event_of(what, ticket, asked) for what in outcome], about.tickets)


