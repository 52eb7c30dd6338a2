"""Handlers for work on a ticket (DK6): activities, what of them is charged, and estimates (DK13)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from mailbridge.config.suggest import nearest
from mailbridge.customers.model import Contract
from mailbridge.organisation.availability import zone_of
from mailbridge.organisation.billing import WorkPolicy, charged
from mailbridge.organisation.model import Organisation
from mailbridge.tickets.actor import ActorKind
from mailbridge.tickets.command_context import CommandContext, HandlerResult, Refusal
from mailbridge.tickets.command_types.work import AlertHours, CorrectWork, PauseForHours, RecordWork, SetEstimate
from mailbridge.tickets.estimates import worked
from mailbridge.tickets.event_types.escalation import AlertRaised
from mailbridge.tickets.event_types.work import EstimateSet, HoursAlerted, HoursRanOut, WorkCorrected, WorkRecorded
from mailbridge.tickets.events import TicketEvent
from mailbridge.tickets.handlers.contracts import CONTRACT, EQUIPMENT, LOCATION
from mailbridge.tickets.handlers.plans import plan_done, plan_not_done
from mailbridge.tickets.hours.burns import bank_for, begins_later
from mailbridge.tickets.model import Activity, Ticket, WorkKind

LONGEST = 24 * 60  # minutes; an activity belongs to one day
ESTIMATE, OVER = "estimate", "over_estimate"  # promise and alert of the event that warns


def record_work(ticket: Ticket, command: RecordWork, about: CommandContext) -> HandlerResult:
    """Records an activity: the minutes as written, and the charged minutes beside them."""
    wrong = _implausible(command.minutes, command.km, command.day, about)
    if wrong is not None:
        return wrong
    if (later := begins_later(ticket, about.customers, command.day)) is not None:
        return Refusal(reason="before-contract", nearest="", detail=f"{later.name}: {later.since}")
    billable = _billable(ticket, command, about)
    activity = Activity(
        id=max((known.id for known in ticket.activities), default=0) + 1,
        agent=about.actor.name,
        kind=command.kind,
        day=command.day,
        minutes=command.minutes,
        charged=charged(command.minutes, policy_of(ticket, about.organisation)) if billable else 0,
        km=command.km,
        place=command.place,
        billable=billable,
        text=command.text,
        start=command.start,
    )
    return [WorkRecorded(activity=activity), *plan_done(ticket, activity, about), *_over(ticket, (*ticket.activities, activity), about)]


def correct_work(ticket: Ticket, command: CorrectWork, about: CommandContext) -> HandlerResult:
    """Corrects an activity, by its agent or a manager; no values delete it."""
    before = next((activity for activity in ticket.activities if activity.id == command.activity), None)
    if before is None:
        known = [str(activity.id) for activity in ticket.activities]
        return Refusal(reason="unknown-activity", nearest=nearest(str(command.activity), known), detail=", ".join(known))
    if not _may_correct(before, about):
        agent = about.organisation.agents.get(before.agent)
        return Refusal(reason="not-your-work", detail=agent.title if agent else before.agent)
    if command.minutes <= 0 and not command.km:
        return [WorkCorrected(before=before, after=None), *plan_not_done(ticket, before)]
    km = before.km if command.km is None else command.km
    wrong = _implausible(command.minutes, km, before.day, about)
    if wrong is not None:
        return wrong
    due = charged(command.minutes, policy_of(ticket, about.organisation)) if before.billable else 0
    after = replace(before, minutes=command.minutes, km=km, charged=due)
    if after == before:
        return []
    others = tuple(after if activity.id == before.id else activity for activity in ticket.activities)
    return [WorkCorrected(before=before, after=after), *_over(ticket, others, about)]


def set_estimate(ticket: Ticket, command: SetEstimate, about: CommandContext) -> HandlerResult:
    if command.minutes <= 0:
        return Refusal(reason="nothing-done")
    by = command.by or about.actor.name
    if (command.minutes, by) == (ticket.estimate, ticket.estimated_by):
        return []
    return [EstimateSet(before=ticket.estimate, after=command.minutes, by=by, most=command.most)]


def alert_hours(ticket: Ticket, command: AlertHours, about: CommandContext) -> HandlerResult:
    return [
        HoursAlerted(
            bank=command.bank,
            level=command.level,
            left=command.left,
            granted=command.granted,
            over=command.over,
            until=command.until,
            customer=command.customer,
        )
    ]


def pause_for_hours(ticket: Ticket, command: PauseForHours, about: CommandContext) -> HandlerResult:
    return [HoursRanOut(bank=command.bank)] if command.bank != ticket.empty_bank else []


def policy_of(ticket: Ticket, organisation: Organisation) -> WorkPolicy:
    """The billing policy of this ticket: of its team, else of the desk."""
    return organisation.work.get(ticket.team) or organisation.work.get("", WorkPolicy())


def _implausible(minutes: int, km: float, day: date, about: CommandContext) -> Refusal | None:
    if minutes < 0 or km < 0 or not (minutes or km):
        return Refusal(reason="nothing-done")
    if minutes > LONGEST:
        return Refusal(reason="longer-than-a-day")
    return Refusal(reason="in-the-future") if day > _today(about) else None


def _today(about: CommandContext) -> date:
    """The current day in the agent's zone; for other actors the day may already have begun further east."""
    if about.actor.kind is not ActorKind.AGENT:
        return (about.now + timedelta(hours=14)).date()
    return about.now.astimezone(ZoneInfo(zone_of(about.actor.name, about.organisation))).date()


def _billable(ticket: Ticket, command: RecordWork, about: CommandContext) -> bool:
    if command.billable is not None:
        return command.billable
    policy = policy_of(ticket, about.organisation)
    other = ticket.type in policy.other_types or any(c.type in policy.other_contracts for c in _contracts(ticket, command.day, about))
    return (policy.billable is not other) and (command.kind is WorkKind.WORKED or _travel_counts(ticket, command.day, policy, about))


def _travel_counts(ticket: Ticket, day: date, policy: WorkPolicy, about: CommandContext) -> bool:
    """Whether travel is charged: as the hour bank of the ticket says, else as the policy does."""
    found = bank_for(ticket, about.customers, day)
    own = found.contract.hours.travel if found and found.contract.hours else None
    return policy.travel if own is None else own


def _contracts(ticket: Ticket, day: date, about: CommandContext) -> tuple[Contract, ...]:
    """The contract that the ticket names, else the customer's contracts that are valid on the day and cover its site and device."""
    customer = about.customers.of(ticket.requester.address) if ticket.requester else None
    if customer is None:
        return ()
    fields = dict(ticket.fields)
    named = customer.contracts.get(fields.get(CONTRACT, ""))
    if named is not None:
        return (named,)
    serials = (fields[EQUIPMENT],) if fields.get(EQUIPMENT) else ()
    return tuple(c for c in customer.contracts.values() if c.valid(day) and c.covers(fields.get(LOCATION, ""), serials))


def _may_correct(activity: Activity, about: CommandContext) -> bool:
    if about.actor.kind is not ActorKind.AGENT or about.actor.name == activity.agent:
        return True
    agent = about.organisation.agents.get(about.actor.name)
    return agent is not None and agent.manager


def _over(ticket: Ticket, after: tuple[Activity, ...], about: CommandContext) -> list[TicketEvent]:
    """The warning where the work exceeds the estimate with this activity."""
    if ticket.estimate is None or not worked(ticket.activities) <= ticket.estimate < worked(after):
        return []
    return [AlertRaised(promise=ESTIMATE, alert=OVER, due_at=about.now)]
