"""Work on a ticket: kept as told, charged by policy, corrected by new events, measured against what was thought."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbridge.customers.model import Contract, Customer, Customers, customers
from mailbridge.organisation.billing import Rounding, WorkPolicy, charged
from mailbridge.organisation.model import Organisation
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_context import CommandContext
from mailbridge.tickets.command_types.work import CorrectWork, RecordWork, SetEstimate
from mailbridge.tickets.decide import decide
from mailbridge.tickets.event_types.escalation import AlertRaised
from mailbridge.tickets.event_types.work import EstimateSet, WorkCorrected, WorkRecorded
from mailbridge.tickets.model import Activity, Ticket, WorkKind
from tests.builders import AS_BOGDAN, NOW, a_ticket, an_organisation, command_context

TODAY = NOW.date()
QUARTERS = WorkPolicy(unit=15, minimum=30)
AS_CLARA = Actor(kind=ActorKind.AGENT, name="clara")
AS_MARA = Actor(kind=ActorKind.AGENT, name="mara")


def desk(policy: WorkPolicy = QUARTERS, **teams: WorkPolicy) -> Organisation:
    return an_organisation(work={"": policy, **teams})


def about(actor: Actor = AS_BOGDAN, organisation: Organisation | None = None, known: Customers | None = None) -> CommandContext:
    return command_context(actor=actor, now=NOW, organisation=organisation or desk(), customers=known or Customers())


def an_hour(**different: Any) -> RecordWork:
    return replace(RecordWork(kind=WorkKind.WORKED, minutes=50, day=TODAY), **different)


def recorded(ticket: Ticket, command: RecordWork, command_context: CommandContext | None = None) -> Activity:
    decision = decide(ticket, command, command_context or about())
    assert decision.ticket is not None, decision.refused
    return decision.ticket.activities[-1]


def worked(id: int = 1, minutes: int = 50, **different: Any) -> Activity:
    usual = Activity(id=id, agent="bogdan", kind=WorkKind.WORKED, day=TODAY, minutes=minutes, charged=60)
    return replace(usual, **different)


@pytest.mark.parametrize(
    ("minutes", "policy", "expected"),
    [
        (50, WorkPolicy(), 50),
        (1, WorkPolicy(unit=15), 15),
        (15, WorkPolicy(unit=15), 15),
        (16, WorkPolicy(unit=15), 30),
        (7, WorkPolicy(unit=15, rounding=Rounding.NEAREST), 0),
        (8, WorkPolicy(unit=15, rounding=Rounding.NEAREST), 15),
        (5, WorkPolicy(unit=10, rounding=Rounding.NEAREST), 10),
        (4, WorkPolicy(unit=10, rounding=Rounding.NEAREST), 0),
        (1, WorkPolicy(unit=5, minimum=30), 30),
        (31, WorkPolicy(unit=5, minimum=30), 35),
        (0, WorkPolicy(unit=5, minimum=30), 0),
    ],
)
def test_time_is_rounded_by_policy(minutes: int, policy: WorkPolicy, expected: int) -> None:
    assert charged(minutes, policy) == expected


@given(st.integers(1, 1_440), st.integers(1, 120), st.integers(0, 120), st.sampled_from(Rounding))
def test_rounding_holds_its_promises(minutes: int, unit: int, minimum: int, rounding: Rounding) -> None:
    policy = WorkPolicy(unit=unit, minimum=minimum, rounding=rounding)
    result = charged(minutes, policy)

    assert result == minimum or result % unit == 0
    assert result >= minimum
    if rounding is Rounding.UP:
        assert minutes <= result < minutes + max(unit, minimum)
    elif result > minimum:
        assert abs(result - minutes) * 2 <= unit
    assert charged(minutes + 1, policy) >= result


def test_work_is_kept_as_told_and_charged_by_policy() -> None:
    done = recorded(a_ticket(), an_hour(km=12.5, place="Iași", text="new roller"))

    assert done == Activity(
        id=1,
        agent="bogdan",
        kind=WorkKind.WORKED,
        day=TODAY,
        minutes=50,
        charged=60,
        km=12.5,
        place="Iași",
        billable=True,
        text="new roller",
    )


def test_a_team_has_its_own_word() -> None:
    organisation = desk(QUARTERS, support=WorkPolicy(unit=5))

    assert recorded(a_ticket(), an_hour(), about(organisation=organisation)).charged == 50
    assert recorded(a_ticket(team="network"), an_hour(), about(organisation=organisation)).charged == 60


def test_the_road_is_charged_where_the_policy_says_so() -> None:
    road = an_hour(kind=WorkKind.TRAVELLED, minutes=40)

    assert (recorded(a_ticket(), road).charged, recorded(a_ticket(), road).billable) == (0, False)
    assert recorded(a_ticket(), road, about(organisation=desk(replace(QUARTERS, travel=True)))).charged == 45
    free = about(organisation=desk(replace(QUARTERS, travel=True, billable=False)))
    assert recorded(a_ticket(), road, free).charged == 0


def test_what_the_agent_says_of_it_counts_before_the_policy() -> None:
    assert recorded(a_ticket(), an_hour(billable=False)).charged == 0
    assert recorded(a_ticket(), an_hour(kind=WorkKind.TRAVELLED, billable=True)).charged == 60


@pytest.mark.parametrize(("billable", "expected"), [(True, False), (False, True)])
def test_types_and_contracts_may_turn_it_round(billable: bool, expected: bool) -> None:
    policy = WorkPolicy(billable=billable, other_types=frozenset({"question"}), other_contracts=frozenset({"full"}))
    acme = Customer(
        name="acme",
        domains=("customer.test",),
        contracts={
            "old": Contract(name="old", type="full", until=TODAY - timedelta(days=1)),
            "gold": Contract(name="gold", type="full", locations=("iasi",)),
        },
    )
    known = about(organisation=desk(policy), known=customers((acme,)))

    assert recorded(a_ticket(type="question"), an_hour(), about(organisation=desk(policy))).billable is expected
    assert recorded(a_ticket(type="incident"), an_hour(), about(organisation=desk(policy))).billable is billable
    assert recorded(a_ticket(), an_hour(), known).billable is expected
    assert recorded(a_ticket(fields=(("location", "cluj"),)), an_hour(), known).billable is billable
    assert recorded(a_ticket(fields=(("location", "cluj"), ("contract", "gold"))), an_hour(), known).billable is expected


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (an_hour(minutes=0), "nothing-done"),
        (an_hour(minutes=-5), "nothing-done"),
        (an_hour(minutes=1_441), "longer-than-a-day"),
        (an_hour(day=TODAY + timedelta(days=2)), "in-the-future"),
    ],
)
def test_what_cannot_have_been_is_refused(command: RecordWork, reason: str) -> None:
    assert decide(a_ticket(), command, about()).refused == reason


def test_a_road_of_kilometres_only_and_a_whole_day_are_work() -> None:
    assert recorded(a_ticket(), an_hour(kind=WorkKind.TRAVELLED, minutes=0, km=25)).km == 25
    assert recorded(a_ticket(), an_hour(minutes=1_440)).minutes == 1_440
    assert recorded(a_ticket(), an_hour(day=TODAY)).day == TODAY


def test_a_correction_is_a_new_event_and_keeps_what_was() -> None:
    ticket = a_ticket(activities=(worked(1), worked(2, minutes=20)))

    decision = decide(ticket, CorrectWork(activity=1, minutes=70, km=3), about())

    assert decision.ticket is not None
    assert decision.events[0].what == WorkCorrected(before=worked(1), after=worked(1, minutes=70, km=3, charged=75))
    assert [activity.minutes for activity in decision.ticket.activities] == [70, 20]


def test_nothing_takes_an_activity_back_and_its_number_is_not_given_to_the_next_while_later_ones_stand() -> None:
    ticket = a_ticket(activities=(worked(1), worked(2)))
    after = decide(ticket, CorrectWork(activity=1, minutes=0), about()).ticket
    assert after is not None

    assert [activity.id for activity in after.activities] == [2]
    assert recorded(after, an_hour()).id == 3


def test_work_is_corrected_by_its_agent_or_a_manager() -> None:
    ticket = a_ticket(activities=(worked(1),))
    command = CorrectWork(activity=1, minutes=20)

    assert decide(ticket, command, about(AS_CLARA)).refused == "not-your-work"
    assert decide(ticket, command, about(AS_MARA)).events
    assert decide(ticket, command, about(Actor(kind=ActorKind.ADMIN))).events
    assert decide(ticket, CorrectWork(activity=4, minutes=20), about()).refused == "unknown-activity"
    assert decide(ticket, CorrectWork(activity=1, minutes=50), about()).events == ()


def test_an_estimate_is_set_and_changed() -> None:
    decision = decide(a_ticket(), SetEstimate(minutes=120), about())
    assert decision.ticket is not None

    assert decision.events[0].what == EstimateSet(before=None, after=120, by="bogdan")
    assert (decision.ticket.estimate, decision.ticket.estimated_by) == (120, "bogdan")
    assert decide(decision.ticket, SetEstimate(minutes=120), about()).events == ()
    assert decide(a_ticket(), SetEstimate(minutes=0), about()).refused == "nothing-done"


@pytest.mark.parametrize(
    ("before", "minutes", "warns"),
    [(0, 60, False), (0, 61, True), (50, 10, False), (50, 11, True), (61, 10, False)],
)
def test_passing_the_estimate_warns_once(before: int, minutes: int, warns: bool) -> None:
    past = (worked(1, minutes=before),) if before else ()
    road = worked(9, minutes=500, kind=WorkKind.TRAVELLED)
    decision = decide(a_ticket(estimate=60, activities=(*past, road)), an_hour(minutes=minutes), about())

    alerts = [event.what for event in decision.events if isinstance(event.what, AlertRaised)]
    assert [(alert.promise, alert.alert) for alert in alerts] == ([("estimate", "over_estimate")] if warns else [])
    assert isinstance(decision.events[0].what, WorkRecorded)


def test_without_an_estimate_nothing_warns() -> None:
    assert len(decide(a_ticket(), an_hour(minutes=1_000), about()).events) == 1


def test_a_day_is_one_of_the_past() -> None:
    assert recorded(a_ticket(), an_hour(day=date(2026, 11, 20))).day == date(2026, 11, 20)
