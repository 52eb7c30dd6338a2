"""Handlers for planned work: plan, change, cancel, and what becomes of plans when work is recorded, undone, merged or closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from mailbridge.config.suggest import nearest
from mailbridge.organisation.availability import zone_of
from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.agenda import BusyTime, agenda_of
from mailbridge.tickets.command_context import CommandContext, HandlerResult, Refusal
from mailbridge.tickets.command_types.plans import CancelPlan, PlanWork
from mailbridge.tickets.event_types.plans import PlanSet
from mailbridge.tickets.event_types.relations import MergedFrom
from mailbridge.tickets.events import TicketEvent
from mailbridge.tickets.model import Activity, Plan, Ticket, WorkKind
from mailbridge.tickets.plan_warnings import plan_warnings

USUAL, LONGEST = 60, 24 * 60  # minutes


def plan_work(ticket: Ticket, command: PlanWork, about: CommandContext) -> HandlerResult:
    """Plans the work.  Whatever speaks against it is a warning of the event; only what cannot be is refused."""
    before = _open(ticket, command.plan) if command.plan else None
    if isinstance(before, Refusal):
        return before
    after = _wanted(ticket, before, command, about)
    refused = after if isinstance(after, Refusal) else _impossible(ticket, after, about)
    if isinstance(after, Refusal) or refused is not None:
        return refused or []
    if after == before:
        return []
    warnings = plan_warnings(after, ticket, _others(ticket, after, about), about.organisation)
    return [PlanSet(before=before, after=after, warnings=warnings)]


def cancel_plan(ticket: Ticket, command: CancelPlan, about: CommandContext) -> HandlerResult:
    before = _open(ticket, command.plan)
    return before if isinstance(before, Refusal) else [PlanSet(before=before, after=_cancelled(before))]


def plan_done(ticket: Ticket, activity: Activity, about: CommandContext) -> list[PlanSet]:
    """The event that counts a plan of the agent as done with this work: the earliest open one of that day or an earlier one."""
    if activity.kind is not WorkKind.WORKED:
        return []
    zone = ZoneInfo(zone_of(activity.agent, about.organisation))
    due = [p for p in ticket.plans if p.is_open and p.agent == activity.agent and p.at.astimezone(zone).date() <= activity.day]
    first = min(due, key=lambda plan: (plan.at, plan.id), default=None)
    return [PlanSet(before=first, after=replace(first, done=activity.id))] if first else []


def plan_not_done(ticket: Ticket, activity: Activity) -> list[PlanSet]:
    """The event after which the plan of a deleted activity is to be done again."""
    return [PlanSet(before=plan, after=replace(plan, done=None)) for plan in ticket.plans if plan.done == activity.id]


def called_off(ticket: Ticket, about: CommandContext) -> list[PlanSet]:
    """The events that cancel the plans that are not over yet, on a ticket that was closed."""
    return [PlanSet(before=plan, after=_cancelled(plan)) for plan in ticket.plans if plan.is_open and plan.ends > about.now]


def brought_along(ticket: Ticket, survivor: Ticket, *, first_activity: int) -> tuple[Plan, ...]:
    """The plans of a ticket that is merged, with numbers of the survivor.  In calendars they are called as before."""
    last = max((plan.id for plan in survivor.plans), default=0)
    activities = {activity.id: number for number, activity in enumerate(ticket.activities, start=first_activity)}
    kept = [plan for plan in ticket.plans if not plan.cancelled]
    return tuple(
        replace(plan, id=number, done=activities.get(plan.done) if plan.done is not None else None)
        for number, plan in enumerate(kept, start=last + 1)
    )


def restored_plans(ticket: Ticket, restored: Ticket, undone: Sequence[TicketEvent]) -> tuple[Plan, ...]:
    """The plans after an undo: as they were, under a higher SEQUENCE, because calendars know the newer version (RFC 5546, 2.1.4).

    A plan that the undone change made is cancelled.  One that came by an undone merge goes back with its ticket.
    """
    came = {plan.id for what in undone if isinstance(what, MergedFrom) for plan in what.plans}
    were = {plan.id: plan for plan in restored.plans}
    found = [_again(plan, were[plan.id]) if plan.id in were else _cancelled(plan) for plan in ticket.plans if plan.id not in came]
    known = {plan.id for plan in ticket.plans}
    return tuple(sorted((*found, *(plan for plan in restored.plans if plan.id not in known)), key=lambda plan: plan.id))


def other_plans(before: Sequence[Plan], after: Sequence[Plan]) -> tuple[PlanSet, ...]:
    """What an undo changed of the plans; those that went back to another ticket are not named."""
    were = {plan.id: plan for plan in before}
    return tuple(PlanSet(before=were.get(plan.id), after=plan) for plan in after if were.get(plan.id) != plan)


def _again(now: Plan, was: Plan) -> Plan:
    if replace(now, done=was.done, sequence=was.sequence) == was:
        return replace(now, done=was.done)  # nothing that a calendar shows
    return replace(was, sequence=now.sequence + 1)


def _cancelled(plan: Plan) -> Plan:
    return plan if plan.cancelled else replace(plan, cancelled=True, sequence=plan.sequence + 1)


def _open(ticket: Ticket, number: int) -> Plan | Refusal:
    """The open plan of this number; 0: the only one."""
    open_ = [plan for plan in ticket.plans if plan.is_open]
    found = [plan for plan in open_ if plan.id == number] if number else open_
    if len(found) == 1:
        return found[0]
    known = ", ".join(str(plan.id) for plan in open_)
    if not open_:
        return Refusal(reason="no-plan")
    return Refusal(reason="unknown-plan" if number else "which-plan", nearest=nearest(str(number), known.split(", ")), detail=known)


def _wanted(ticket: Ticket, before: Plan | None, command: PlanWork, about: CommandContext) -> Plan | Refusal:
    """The plan as the command wants it."""
    me = about.actor.name if about.actor.kind is ActorKind.AGENT else ""
    if before is None:
        number = max((plan.id for plan in ticket.plans), default=0) + 1
        if command.at is None:
            return Refusal(reason="nothing-done")
        return Plan(
            id=number,
            agent=command.agent or me,
            at=command.at,
            minutes=command.minutes or USUAL,
            text=command.text,
            by=me,
            uid=f"plan-{ticket.id}-{number}",
        )
    after = replace(
        before,
        agent=command.agent or before.agent,
        at=command.at or before.at,
        minutes=command.minutes or before.minutes,
        text=command.text or before.text,
    )
    return after if after == before else replace(after, sequence=before.sequence + 1)


def _impossible(ticket: Ticket, plan: Plan, about: CommandContext) -> Refusal | None:
    agents = about.organisation.agents
    agent = agents.get(plan.agent)
    if agent is None or not agent.active:
        return Refusal(reason="unknown-agent", detail=plan.agent, nearest=nearest(plan.agent, agents))
    if agent.observer:
        return Refusal(reason="only-observes", detail=agent.title)
    if ticket.closed_at is not None:
        return Refusal(reason="is-closed")
    if not 0 < plan.minutes <= LONGEST:
        return Refusal(reason="longer-than-a-day")
    return Refusal(reason="in-the-past") if plan.ends <= about.now else None


def _others(ticket: Ticket, plan: Plan, about: CommandContext) -> list[BusyTime]:
    """What else is planned of the agent: on other tickets as stored, on this one as the commands before left it."""
    elsewhere = [one for one in about.agenda if one.agent == plan.agent and one.ticket != ticket.id]
    return [*elsewhere, *(one for one in agenda_of(ticket) if one.agent == plan.agent and one.plan != plan.id)]

