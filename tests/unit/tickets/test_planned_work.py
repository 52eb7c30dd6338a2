"""Planned work: plan, change, cancel, warnings, and what becomes of plans with work, closing, merging and undo."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from mailbridge.organisation.model import Organisation
from mailbridge.organisation.people import Absence
from mailbridge.sla.calendar import Calendar
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.agenda import BusyTime, agenda_of
from mailbridge.tickets.command_types.people import ScheduleMeeting
from mailbridge.tickets.command_types.plans import CancelPlan, PlanWork
from mailbridge.tickets.command_types.values import Close
from mailbridge.tickets.command_types.work import CorrectWork, RecordWork
from mailbridge.tickets.commands import Command
from mailbridge.tickets.decide import decide
from mailbridge.tickets.decision import Decision
from mailbridge.tickets.event_types.plans import PlanProblem, PlanSet, PlanWarning
from mailbridge.tickets.model import Plan, Ticket, WorkKind
from mailbridge.tickets.permissions import Right, on_ticket
from tests.builders import NOW, a_ticket, an_organisation, command_context

DAY = timedelta(days=1)
WEEKDAYS = Calendar(name="office", zone="Europe/Bucharest", hours=(((time(9), time(17)),),) * 5 + ((),) * 2)
TUESDAY_10 = datetime(2026, 11, 24, 8, tzinfo=UTC)  # 10:00 in Bucharest
TUESDAY = TUESDAY_10.date()


def with_hours(**bogdan: Any) -> Organisation:
    usual = an_organisation()
    agents = {**usual.agents, "bogdan": replace(usual.agents["bogdan"], calendar=WEEKDAYS, **bogdan)}
    return replace(usual, agents=agents)


def about(**different: Any) -> Any:
    return command_context(**{"organisation": with_hours(), **different})


def done(ticket: Ticket, command: Command, **different: Any) -> Decision:
    return decide(ticket, command, about(**different))


def after(ticket: Ticket, *commands: Command, **different: Any) -> Ticket:
    for command in commands:
        decision = done(ticket, command, **different)
        assert not decision.refused, decision.refused
        ticket = decision.ticket or ticket
    return ticket


def warnings(decision: Decision) -> tuple[PlanWarning, ...]:
    return tuple(warning for event in decision.events if isinstance(event.what, PlanSet) for warning in event.what.warnings)


def planned(**different: Any) -> PlanWork:
    return PlanWork(**{"agent": "bogdan", "at": TUESDAY_10, "minutes": 120, **different})


def test_a_plan_gets_a_number_and_a_name_for_calendars() -> None:
    ticket = after(a_ticket(), planned(), planned(at=TUESDAY_10 + DAY, text="drum"))

    assert ticket.plans == (
        Plan(id=1, agent="bogdan", at=TUESDAY_10, minutes=120, by="bogdan", uid="plan-1-1"),
        Plan(id=2, agent="bogdan", at=TUESDAY_10 + DAY, minutes=120, text="drum", by="bogdan", uid="plan-1-2"),
    )


def test_who_plans_without_a_name_plans_the_own_work() -> None:
    assert after(a_ticket(), planned(agent="")).plans[0].agent == "bogdan"


def test_a_change_keeps_what_it_does_not_name_and_counts() -> None:
    ticket = after(a_ticket(), planned(text="drum"), PlanWork(plan=1, minutes=45), PlanWork(plan=1, agent="clara"))

    assert ticket.plans == (
        Plan(id=1, agent="clara", at=TUESDAY_10, minutes=45, text="drum", by="bogdan", uid="plan-1-1", sequence=2),
    )


def test_the_same_again_is_nothing_new() -> None:
    assert done(after(a_ticket(), planned()), PlanWork(plan=1, at=TUESDAY_10)).events == ()


def test_a_cancelled_plan_stays_with_the_next_sequence_and_cannot_be_changed() -> None:
    ticket = after(a_ticket(), planned(), CancelPlan())

    assert (ticket.plans[0].cancelled, ticket.plans[0].sequence) == (True, 1)
    assert done(ticket, PlanWork(plan=1, minutes=30)).refused == "no-plan"
    assert after(ticket, planned()).plans[1].id == 2


def test_which_plan_is_asked_where_there_are_several() -> None:
    ticket = after(a_ticket(), planned(), planned(at=TUESDAY_10 + DAY))

    decision = done(ticket, CancelPlan())
    assert (decision.refused, decision.detail) == ("which-plan", "1, 2")
    assert done(ticket, CancelPlan(plan=7)).refused == "unknown-plan"


def test_what_cannot_be_is_refused() -> None:
    assert done(a_ticket(), planned(agent="nobody")).refused == "unknown-agent"
    assert done(a_ticket(), planned(at=NOW - timedelta(hours=3))).refused == "in-the-past"
    assert done(a_ticket(), planned(minutes=24 * 60 + 1)).refused == "longer-than-a-day"
    assert done(after(a_ticket(), Close()), planned()).refused == "is-closed"
    assert done(a_ticket(), planned(minutes=24 * 60)).refused == ""


def test_work_that_has_begun_may_be_planned_until_it_ends() -> None:
    assert done(a_ticket(), planned(at=NOW - timedelta(hours=1), minutes=60)).refused == "in-the-past"
    assert done(a_ticket(), planned(at=NOW - timedelta(hours=1), minutes=61)).refused == ""


# warnings


def test_a_clash_is_told_with_the_ticket_and_refuses_nothing() -> None:
    busy = BusyTime(ticket=7, plan=1, agent="bogdan", begins=TUESDAY_10 + timedelta(hours=1), ends=TUESDAY_10 + timedelta(hours=2))

    decision = done(a_ticket(), planned(), agenda=(busy,))

    assert warnings(decision) == (PlanWarning(problem=PlanProblem.CLASH, ticket=7),)
    assert decision.ticket is not None
    assert len(decision.ticket.plans) == 1


def test_what_ends_when_the_plan_begins_is_no_clash() -> None:
    before = BusyTime(ticket=7, plan=1, agent="bogdan", begins=TUESDAY_10 - timedelta(hours=1), ends=TUESDAY_10)
    behind = BusyTime(ticket=8, plan=1, agent="bogdan", begins=TUESDAY_10 + timedelta(hours=2), ends=TUESDAY_10 + timedelta(hours=3))
    other = BusyTime(ticket=9, plan=1, agent="clara", begins=TUESDAY_10, ends=TUESDAY_10 + timedelta(hours=3))

    assert warnings(done(a_ticket(), planned(), agenda=(before, behind, other))) == ()


def test_plans_on_the_same_ticket_clash_too_and_a_change_not_with_itself() -> None:
    ticket = after(a_ticket(), planned())

    assert warnings(done(ticket, planned())) == (PlanWarning(problem=PlanProblem.CLASH, ticket=1),)
    assert warnings(done(ticket, PlanWork(plan=1, minutes=90))) == ()


def test_an_appointment_of_the_own_ticket_clashes() -> None:
    ticket = after(replace(a_ticket(), assignee="bogdan"), ScheduleMeeting(at=TUESDAY_10 + timedelta(minutes=30)))

    assert warnings(done(ticket, planned())) == (PlanWarning(problem=PlanProblem.CLASH, ticket=1),)


def test_an_absence_and_hours_outside_of_the_own_are_told() -> None:
    away = with_hours(absences=(Absence(first=date(2026, 11, 24), last=date(2026, 11, 24)),))
    late = planned(at=TUESDAY_10 + timedelta(hours=6))  # 16:00 to 18:00

    assert warnings(done(a_ticket(), planned(), organisation=away)) == (PlanWarning(problem=PlanProblem.AWAY),)
    assert warnings(done(a_ticket(), late)) == (PlanWarning(problem=PlanProblem.OFF_HOURS),)
    assert warnings(done(a_ticket(), planned(at=TUESDAY_10 + 4 * DAY))) == (PlanWarning(problem=PlanProblem.OFF_HOURS),)


def test_more_than_a_day_holds_is_told_from_the_first_minute_over() -> None:
    morning = BusyTime(ticket=7, plan=1, agent="bogdan", begins=TUESDAY_10 - timedelta(hours=1), ends=TUESDAY_10)
    evening = BusyTime(ticket=8, plan=1, agent="bogdan", begins=TUESDAY_10 + timedelta(hours=2), ends=TUESDAY_10 + timedelta(hours=7))

    assert warnings(done(a_ticket(), planned(), agenda=(morning, evening))) == ()  # eight hours of eight
    over = replace(evening, ends=evening.ends + timedelta(minutes=1))
    assert warnings(done(a_ticket(), planned(), agenda=(morning, over))) == (
        PlanWarning(problem=PlanProblem.OVER_CAPACITY, minutes=481, of=480),
    )


# work


def worked(day: date = TUESDAY, **different: Any) -> RecordWork:
    return RecordWork(**{"kind": WorkKind.WORKED, "minutes": 100, "day": day, **different})


def test_work_of_the_day_counts_the_plan_as_done_and_deleting_it_undoes_that() -> None:
    then = TUESDAY_10 + timedelta(hours=4)
    ticket = after(a_ticket(), planned(), planned(at=TUESDAY_10 + DAY))

    ticket = after(ticket, worked(), now=then)
    assert [plan.done for plan in ticket.plans] == [1, None]

    ticket = after(ticket, CorrectWork(activity=1, minutes=0), now=then)
    assert [plan.done for plan in ticket.plans] == [None, None]


def test_the_earliest_missed_plan_is_done_first_and_one_of_a_later_day_not_yet() -> None:
    ticket = after(a_ticket(), planned(at=TUESDAY_10 + DAY), planned(), planned(at=TUESDAY_10 + 9 * DAY))
    then = TUESDAY_10 + 2 * DAY

    once = after(ticket, worked(then.date()), now=then)
    assert [plan.done for plan in once.plans] == [None, 1, None]
    assert [plan.done for plan in after(once, worked(then.date()), worked(then.date()), now=then).plans] == [2, 1, None]


def test_travel_and_work_of_others_leave_a_plan_open() -> None:
    then, clara = TUESDAY_10 + timedelta(hours=4), Actor(kind=ActorKind.AGENT, name="clara")
    ticket = after(a_ticket(), planned())

    assert after(ticket, worked(kind=WorkKind.TRAVELLED), now=then).plans[0].done is None
    assert after(ticket, worked(), now=then, actor=clara).plans[0].done is None


# the ticket


def test_closing_cancels_what_is_planned_ahead_and_nothing_that_is_over() -> None:
    ticket = after(a_ticket(), planned(), planned(at=TUESDAY_10 + DAY))

    closed = after(ticket, Close(), now=TUESDAY_10 + timedelta(hours=3))

    assert [(plan.cancelled, plan.sequence) for plan in closed.plans] == [(False, 0), (True, 1)]


def test_the_agenda_leaves_out_cancelled_plans_and_merged_tickets() -> None:
    ticket = after(a_ticket(), planned(), planned(at=TUESDAY_10 + DAY), CancelPlan(plan=2))

    assert [one.plan for one in agenda_of(ticket)] == [1]
    assert agenda_of(replace(ticket, merged_into=3)) == ()


def test_an_agent_of_another_team_may_work_where_work_is_planned_for_them() -> None:
    organisation = with_hours()
    ticket = a_ticket(team="network")
    clara = organisation.agents["clara"]

    assert on_ticket(clara, after(ticket, planned(agent="clara")), organisation) is Right.WORK
