"""What speaks against a plan: other plans, appointments, the agent's hours and absences.  A warning refuses nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta

from mailbridge.organisation.availability import absence_of, calendar_of
from mailbridge.organisation.model import Agent, Organisation, Team
from mailbridge.sla.calendar import local, worked
from mailbridge.sla.zones import moment_of
from mailbridge.tickets.agenda import BusyTime
from mailbridge.tickets.event_types.plans import PlanProblem, PlanWarning
from mailbridge.tickets.model import Plan, Ticket

DAY = timedelta(days=1)


def plan_warnings(plan: Plan, ticket: Ticket, others: Sequence[BusyTime], organisation: Organisation) -> tuple[PlanWarning, ...]:
    """All that speaks against the plan, in the order of `PlanProblem`.  `others`: what else is planned of its agent around that time."""
    agent = organisation.agents.get(plan.agent)
    if agent is None:
        return ()
    team = team_for(agent, ticket, organisation)
    return (*_clashes(plan, others), *_of_hours(plan, agent, team), *_of_the_day(plan, others, agent, team))


def team_for(agent: Agent, ticket: Ticket, organisation: Organisation) -> Team:
    """The team whose hours count for an agent without own ones: the ticket's where the agent is in it, else the agent's first."""
    names = organisation.teams_of(agent.name)
    name = ticket.team if ticket.team in names or not names else names[0]
    return organisation.teams.get(name) or Team(name=name, title=name)


def _clashes(plan: Plan, others: Sequence[BusyTime]) -> Iterator[PlanWarning]:
    tickets = dict.fromkeys(other.ticket for other in others if not other.done and other.overlaps(plan.at, plan.ends))
    yield from (PlanWarning(problem=PlanProblem.CLASH, ticket=number) for number in tickets)


def _of_hours(plan: Plan, agent: Agent, team: Team) -> Iterator[PlanWarning]:
    if absence_of(agent, team, plan.at) or absence_of(agent, team, plan.ends - timedelta(minutes=1)):
        yield PlanWarning(problem=PlanProblem.AWAY)
    elif worked(plan.at, plan.ends, calendar_of(agent, team)) < plan.ends - plan.at:
        yield PlanWarning(problem=PlanProblem.OFF_HOURS)


def _of_the_day(plan: Plan, others: Sequence[BusyTime], agent: Agent, team: Team) -> Iterator[PlanWarning]:
    """More than the agent works on the day that the plan begins on.  A day without hours is told as outside of them."""
    begins, ends = day_of(plan.at, agent, team)
    hours = round(worked(begins, ends, calendar_of(agent, team)).total_seconds() / 60)
    own = BusyTime(ticket=0, plan=0, agent=plan.agent, begins=plan.at, ends=plan.ends)
    planned = sum(one.minutes(begins, ends) for one in (own, *others) if one.overlaps(begins, ends))
    if 0 < hours < planned:
        yield PlanWarning(problem=PlanProblem.OVER_CAPACITY, minutes=planned, of=hours)


def day_of(at: datetime, agent: Agent, team: Team) -> tuple[datetime, datetime]:
    """The agent's day with this moment: midnight to midnight by the agent's clock."""
    calendar = calendar_of(agent, team)
    day = local(at, calendar).date()
    return moment_of(day, time.min, calendar.zone), moment_of(day + DAY, time.min, calendar.zone)
