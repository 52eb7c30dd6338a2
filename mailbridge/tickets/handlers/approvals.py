"""Approvals (DK4, DK7): which requests are held, who decides, and what approval, rejection and expiry do.

A held request is stored as typed commands, with its text for display.  A confirmation is an approval by the author of the request.
`tickets.decide` calls `needed` for every command of an agent, and executes the held request when it is approved.  An approval covers one
trigger, on the tickets it was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailbridge.config.durations import LONGEST_DELAY
from mailbridge.config.suggest import nearest
from mailbridge.customers.hour_terms import WhenEmpty
from mailbridge.organisation.approval_policy import MANAGER, ApprovalRule, ApprovalTrigger
from mailbridge.organisation.availability import stand_in
from mailbridge.organisation.model import Organisation, Team
from mailbridge.sla.calendar import due
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_context import CommandContext, HandlerResult, HeldRequest, Refusal
from mailbridge.tickets.command_types.escalation import ExpireApproval, ReassignApproval, Reject, RemindApproval, StopSending
from mailbridge.tickets.command_types.mails import AgentReply
from mailbridge.tickets.commands import Command
from mailbridge.tickets.event_types.escalation import (
    ApprovalDecided,
    ApprovalReassigned,
    ApprovalReminded,
    ApprovalRequested,
    Escalated,
)
from mailbridge.tickets.event_types.values import PriorityChanged, StatusChanged, TagsAdded, TeamChanged
from mailbridge.tickets.event_types.work import EstimateSet, WorkCorrected, WorkRecorded
from mailbridge.tickets.events import Event, TicketEvent
from mailbridge.tickets.handlers.risks import RISKS
from mailbridge.tickets.hours.burns import bank_for
from mailbridge.tickets.model import Activity, Approval, ApprovalKind, Ticket, WorkKind
from mailbridge.tickets.stored_commands import ANSWER, stored

DELAYED = "delayed"  # why an answer waits: for its time


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """An approval that is missing.  `why`: the key of the trigger or risk.  `approvers`: agents, one of whom decides."""

    kind: ApprovalKind
    why: str
    approvers: tuple[str, ...]
    expires_at: datetime
    remind_at: datetime | None = None
    deputies: tuple[str, ...] = ()


def needed(ticket: Ticket, command: Command, about: CommandContext, outcome: Sequence[TicketEvent | Event]) -> Need | None:
    """The approval that the command needs before `outcome`, its events, may happen.  A manager's approval is asked for before the author's
    confirmation.  An approver needs no approval."""
    if about.actor.kind is not ActorKind.AGENT or not outcome:
        return None
    return _approval(ticket, about, outcome) or _confirmation(ticket, command, about) or _delay(ticket, command, about)


def _approval(ticket: Ticket, about: CommandContext, outcome: Sequence[TicketEvent | Event]) -> Need | None:
    policy = (*about.organisation.approval_policy.approvals, *_of_bank(ticket, about, outcome))
    open_ = [rule for rule in policy if rule.what not in about.agreed]
    rules = [rule for rule in open_ if any(_concerns(rule, event) for event in outcome)]
    by = ((rule, approvers(rule.by, ticket, about.organisation)) for rule in rules)
    return next((_need(rule, named, ticket, about) for rule, named in by if about.actor.name not in named), None)


def _of_bank(ticket: Ticket, about: CommandContext, outcome: Sequence[TicketEvent | Event]) -> Iterator[ApprovalRule]:
    """The rules of the ticket's hour bank that work meets: longer than the contract allows without an approval, or the bank is empty."""
    done = [activity for event in outcome if (activity := _longer(event)) is not None]
    for activity in done:
        found = bank_for(ticket, about.customers, activity.day)
        terms = found.contract.hours if found else None
        if terms is None:
            continue
        if terms.approve_over is not None and activity.charged > terms.approve_over:
            yield ApprovalRule(what=ApprovalTrigger.HOURS_OVER)
        if terms.when_empty is WhenEmpty.ASK_MANAGER and about.hours_left.get(ticket.id, 1) <= 0:
            yield ApprovalRule(what=ApprovalTrigger.HOURS_EMPTY)


def _longer(event: TicketEvent | Event) -> Activity | None:
    """The activity that takes more hours after the event than before it."""
    match event:
        case WorkRecorded(activity=activity) if activity.charged:
            return activity
        case WorkCorrected(before=before, after=Activity() as after) if after.charged > before.charged:
            return after
    return None


def _need(rule: ApprovalRule, named: tuple[str, ...], ticket: Ticket, about: CommandContext) -> Need:
    """The approvers, and the deputies of those who are away.  The author of the request cannot be a deputy."""
    team = about.organisation.teams.get(ticket.team) or Team(name="", title="")
    instead = (stand_in(name, team, about.organisation, about.now) for name in named)
    others = {about.actor.name, ""}
    return Need(
        kind=ApprovalKind.APPROVAL,
        why=rule.what,
        approvers=tuple(dict.fromkeys((*named, *(name for name in instead if name not in others)))),
        deputies=tuple(name for name in _active(rule.deputies, about.organisation) if name not in others),
        remind_at=due(about.now, team.calendar, rule.remind_after) if rule.remind_after else None,
        expires_at=due(about.now, team.calendar, rule.expires_after),
    )


def _confirmation(ticket: Ticket, command: Command, about: CommandContext) -> Need | None:
    risk = RISKS.get(type(command))
    why = risk(ticket, command, about) if risk else ""
    return of_the_asker(why, about) if why and why not in about.agreed else None


def _delay(ticket: Ticket, command: Command, about: CommandContext) -> Need | None:
    """The time that an answer waits before it goes.  One that its author has confirmed goes at once."""
    span = delay_of(ticket.team, about.organisation, about.send_after)
    if not isinstance(command, AgentReply) or about.agreed or not span:
        return None
    return Need(kind=ApprovalKind.DELAY, why=DELAYED, approvers=(about.actor.name,), expires_at=about.now + span)


def delay_of(team: str, organisation: Organisation, usual: timedelta) -> timedelta:
    """How long answers of this team wait before they go."""
    found = organisation.teams.get(team)
    return usual if found is None or found.send_after is None else found.send_after


def of_the_asker(why: str, about: CommandContext) -> Need:
    """The confirmation by the author of the request."""
    expires = about.now + about.organisation.approval_policy.confirm_within
    return Need(kind=ApprovalKind.CONFIRMATION, why=why, approvers=(about.actor.name,), expires_at=expires)


def approvers(by: Iterable[str], ticket: Ticket, organisation: Organisation) -> tuple[str, ...]:
    """The active agents for these names; `manager` stands for the managers of the team, else of the desk."""
    found: list[str] = []
    for name in by:
        found += _managers(ticket, organisation) if name == MANAGER else _active((name,), organisation)
    return tuple(dict.fromkeys(found))


def _managers(ticket: Ticket, organisation: Organisation) -> tuple[str, ...]:
    team = organisation.teams.get(ticket.team)
    own = _active(team.managers, organisation) if team else ()
    return own or tuple(agent.name for agent in organisation.agents.values() if agent.manager and agent.active)


def _active(names: Iterable[str], organisation: Organisation) -> tuple[str, ...]:
    return tuple(name for name in names if name in organisation.agents and organisation.agents[name].active)


def ask(ticket: Ticket, need: Need, about: CommandContext, *, tickets: tuple[int, ...] = ()) -> HandlerResult:
    """Holds the request and asks its approvers.  An equal request that is held already is not held twice.  `tickets`: the tickets of the
    request, where they are not this one alone."""
    if not need.approvers:
        return Refusal(reason="nobody-approves", detail=need.why)
    approval = Approval(
        id=ticket.approvals_asked + 1,
        kind=need.kind,
        line=about.words or about.spelled(about.request),
        asker=about.actor.name,
        approvers=need.approvers,
        asked_at=about.now,
        expires_at=need.expires_at,
        remind_at=need.remind_at if need.remind_at and need.remind_at < need.expires_at else None,
        deputies=need.deputies,
        mail=about.mail,
        commands=stored(about.request),
        tickets=tickets,
        why=need.why,
        agreed=tuple(sorted(about.agreed)),
    )
    for waiting in ticket.approvals:
        if _same_request(waiting, approval):
            return Refusal(reason="already-asked", detail=str(waiting.id))
    return [ApprovalRequested(approval=approval, why=need.why)]


def _same_request(waiting: Approval, approval: Approval) -> bool:
    """Whether the two are the same request.  The text of a reply is in its mail, so replies in two mails are different."""
    if waiting.asker != approval.asker:
        return False
    if not waiting.commands:
        return waiting.line == approval.line
    mails = (waiting.mail, approval.mail) if any(one.name == ANSWER for one in approval.commands) else ()
    return (waiting.commands, waiting.tickets) == (approval.commands, approval.tickets) and len(set(mails)) < 2


def ask_again(ticket: Ticket, waiting: Approval, held: HeldRequest, about: CommandContext) -> HandlerResult:
    """The stored commands cannot be read any more: nothing is executed, and the same approvers are asked about the commands that the line
    gives now."""
    without = replace(ticket, approvals=tuple(one for one in ticket.approvals if one.id != waiting.id))
    need = Need(
        kind=waiting.kind,
        why=waiting.why,
        approvers=waiting.approvers,
        deputies=waiting.deputies,
        expires_at=about.now + (waiting.expires_at - waiting.asked_at),
    )
    asker = replace(as_the_asker(waiting, about), request=held.commands, agreed=frozenset(waiting.agreed))
    asked = ask(without, need, asker, tickets=waiting.tickets)
    gone = decided(waiting, granted=False, refused="asked-again")
    return asked if isinstance(asked, Refusal) else [gone, *asked]


def held(ticket: Ticket, number: int, about: CommandContext) -> Approval | Refusal:
    """The held request with this id, or the only one that waits for this actor.  Only an approver may decide."""
    mine = [approval for approval in ticket.approvals if may_decide(about.actor, approval)]
    if not number:
        several = ", ".join(str(approval.id) for approval in mine)
        return mine[0] if len(mine) == 1 else Refusal(reason="which-approval" if mine else "nothing-to-approve", detail=several)
    found = next((approval for approval in ticket.approvals if approval.id == number), None)
    if found is None:
        return Refusal(reason="nothing-to-approve", nearest=nearest(str(number), [str(approval.id) for approval in mine]))
    return found if found in mine else Refusal(reason="not-yours-to-approve", detail=_titles(found.approvers, about.organisation))


def _titles(names: Iterable[str], organisation: Organisation) -> str:
    """The display names of the agents."""
    return ", ".join(organisation.agents[name].title if name in organisation.agents else name for name in names)


def may_decide(actor: Actor, approval: Approval) -> bool:
    """Whether this actor is an approver."""
    return actor.kind is ActorKind.ADMIN or (actor.kind is ActorKind.AGENT and actor.name in approval.approvers)


def as_the_asker(approval: Approval, about: CommandContext) -> CommandContext:
    """The context in which the held request is decided: its author is the actor, its mail the cause."""
    asker = Actor(kind=ActorKind.AGENT, name=approval.asker)
    return replace(about, actor=asker, words=approval.line, mail=approval.mail or about.mail, seen_at=approval.asked_at)


def reject(ticket: Ticket, command: Reject, about: CommandContext) -> HandlerResult:
    approval = held(ticket, command.approval, about)
    if isinstance(approval, Refusal):
        return approval
    return [decided(approval, granted=False, reason=command.reason)]


def stop(ticket: Ticket, command: StopSending, about: CommandContext) -> HandlerResult:
    """Takes back what waits.  Where nothing does, the refusal says whether it is gone already."""
    waiting = [one for one in ticket.approvals if one.kind is ApprovalKind.DELAY and may_decide(about.actor, one)]
    if waiting:
        return [decided(one, granted=False) for one in waiting]
    gone = ticket.answered_by == about.actor.name and ticket.answered_at is not None and about.now - ticket.answered_at <= LONGEST_DELAY
    return Refusal(reason="stop-too-late" if gone else "nothing-to-stop")


def remind(ticket: Ticket, command: RemindApproval, about: CommandContext) -> HandlerResult:
    waits = any(approval.id == command.approval and approval.remind_at is not None for approval in ticket.approvals)
    return [ApprovalReminded(approval=command.approval)] if waits else []


def reassign(ticket: Ticket, command: ReassignApproval, about: CommandContext) -> HandlerResult:
    """The successor of the agent decides, else the managers.  The author of the request decides only about a confirmation, and nobody
    else does: that one expires.  Where others decide already, nobody new is asked unless a successor is named."""
    waiting = next((one for one in ticket.approvals if one.id == command.approval), None)
    if waiting is None or waiting.kind is ApprovalKind.CONFIRMATION or command.of not in (*waiting.approvers, *waiting.deputies):
        return []
    barred = (command.of, waiting.asker)
    left = _active((name for name in waiting.approvers if name not in barred), about.organisation)
    heir = _active((command.to,), about.organisation) if command.to not in ("", waiting.asker) else ()
    instead = heir or (() if left else _managers_but(barred, ticket, about.organisation))
    if not instead and not left:
        return []  # nobody else may decide: the approval expires
    new = tuple(name for name in instead if name not in waiting.approvers)
    return [ApprovalReassigned(approval=waiting.id, before=command.of, after=new)]


def _managers_but(barred: tuple[str, ...], ticket: Ticket, organisation: Organisation) -> tuple[str, ...]:
    """The managers of the team, else those of the desk, without these agents."""
    of_desk = tuple(agent.name for agent in organisation.agents.values() if agent.manager and agent.active)
    found = (tuple(name for name in group if name not in barred) for group in (_managers(ticket, organisation), of_desk))
    return next((group for group in found if group), ())


def expire(ticket: Ticket, command: ExpireApproval, about: CommandContext) -> HandlerResult:
    return [decided(approval, granted=False, expired=True) for approval in ticket.approvals if approval.id == command.approval]


def decided(approval: Approval, *, granted: bool, reason: str = "", refused: str = "", expired: bool = False) -> ApprovalDecided:
    """The event that ends the approval, with its request."""
    return ApprovalDecided(
        approval=approval.id,
        granted=granted,
        reason=reason.strip(),
        expired=expired,
        refused=refused,
        line=approval.line,
        asker=approval.asker,
        asked=approval.approvers,
        delayed=approval.kind is ApprovalKind.DELAY,
    )


# Rules of approvals.yaml look at the events, not at the command.


def _concerns(rule: ApprovalRule, event: TicketEvent | Event) -> bool:
    match rule.what, event:
        case (ApprovalTrigger.HOURS_OVER | ApprovalTrigger.HOURS_EMPTY), (WorkRecorded() | WorkCorrected()):
            return True
        case ApprovalTrigger.WORK_OVER, WorkRecorded(activity=Activity(kind=WorkKind.WORKED) as done):
            return timedelta(minutes=done.minutes) > rule.over
        case ApprovalTrigger.TRAVEL_OVER, WorkRecorded(activity=Activity(kind=WorkKind.TRAVELLED) as done):
            return timedelta(minutes=done.minutes) > rule.over
        case (ApprovalTrigger.WORK_OVER | ApprovalTrigger.TRAVEL_OVER) as what, WorkCorrected(before=before, after=Activity() as after):
            longer = after.minutes > before.minutes and timedelta(minutes=after.minutes) > rule.over
            return longer and after.kind is (WorkKind.WORKED if what is ApprovalTrigger.WORK_OVER else WorkKind.TRAVELLED)
        case ApprovalTrigger.ESTIMATE_OVER, EstimateSet(after=minutes):
            return timedelta(minutes=minutes) > rule.over
        case ApprovalTrigger.ESCALATE, Escalated(chain=chain, to=to):
            return _named(rule, chain, to)
        case ApprovalTrigger.TEAM, TeamChanged(after=name):
            return _named(rule, name)
        case ApprovalTrigger.TAG, TagsAdded(tags=tags):
            return _named(rule, *tags)
        case ApprovalTrigger.STATUS, StatusChanged(after=name):
            return _named(rule, name)
        case ApprovalTrigger.PRIORITY, PriorityChanged(after=priority):
            return _named(rule, str(priority))
    return False


def _named(rule: ApprovalRule, *names: str) -> bool:
    return any(not rule.names or name in rule.names for name in names)
