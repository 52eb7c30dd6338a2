"""Whatever people and clocks do in whatever order: each wish is decided once, by somebody who was asked, and done as its asker's or not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from mailbridge.organisation.approval_policy import ApprovalPolicy, ApprovalRule, ApprovalTrigger
from mailbridge.organisation.priority import Priority
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.apply import apply
from mailbridge.tickets.command_types.escalation import Approve, ExpireApproval, Reject, RemindApproval
from mailbridge.tickets.command_types.values import SetPriority, SetTeam
from mailbridge.tickets.commands import Command
from mailbridge.tickets.deadlines import command_of, ticket_deadlines
from mailbridge.tickets.event_types.escalation import ApprovalDecided, ApprovalReminded, ApprovalRequested
from mailbridge.tickets.events import Event
from tests.builders import NOW, a_ticket, an_organisation, command_context, decided, the_past

DESK = an_organisation(
    approval_policy=ApprovalPolicy(
        approvals=(
            ApprovalRule(what=ApprovalTrigger.PRIORITY, deputies=("clara",)),
            ApprovalRule(what=ApprovalTrigger.TEAM, by=("clara", "manager"), remind_after=None),
        )
    )
)
PEOPLE = st.sampled_from([Actor(kind=ActorKind.AGENT, name=name) for name in ("bogdan", "clara", "mara")])
CLOCK = Actor(kind=ActorKind.CLOCK, name="approval")
WISHES = st.one_of(
    st.builds(SetPriority, priority=st.sampled_from(Priority)).map(lambda wish: (wish, f"#priority {wish.priority}")),
    st.builds(SetTeam, team=st.sampled_from(["support", "network"])).map(lambda wish: (wish, f"#team {wish.team}")),
)
NUMBERS = st.integers(0, 6)
ANSWERS = st.one_of(st.builds(Approve, approval=NUMBERS), st.builds(Reject, approval=NUMBERS, reason=st.just("because")))
STEPS = st.lists(
    st.one_of(
        st.tuples(PEOPLE, WISHES),
        st.tuples(PEOPLE, ANSWERS.map(lambda answer: (answer, "#answer"))),
        st.tuples(st.just(CLOCK), st.builds(RemindApproval, approval=NUMBERS).map(lambda command: (command, ""))),
        st.tuples(st.just(CLOCK), st.builds(ExpireApproval, approval=NUMBERS).map(lambda command: (command, ""))),
    ),
    max_size=30,
)


@given(STEPS)
def test_each_wish_is_decided_once_and_by_whoever_was_asked(steps: list[tuple[Actor, tuple[Command, str]]]) -> None:
    before = ticket = a_ticket()
    history: list[Event] = []
    for hour, (actor, (command, line)) in enumerate(steps):
        about = command_context(actor=actor, now=NOW + timedelta(hours=hour), organisation=DESK, words=line)
        waiting = {approval.id: approval for approval in ticket.approvals}
        decision = decided(ticket, command, about)
        assert decision.ticket is not None
        ticket = decision.ticket
        history += decision.events
        for event in decision.events:
            if isinstance(event.what, ApprovalDecided) and not event.what.expired:
                assert actor.name in waiting[event.what.approval].approvers
                assert actor.name != waiting[event.what.approval].asker
            if not isinstance(event.what, ApprovalDecided | ApprovalRequested | ApprovalReminded):
                allowed = waiting.values() if isinstance(command, Approve) else ()
                assert event.actor == actor or event.actor.name in [approval.asker for approval in allowed]

    asked = [event.what.approval.id for event in history if isinstance(event.what, ApprovalRequested)]
    done = [event.what.approval for event in history if isinstance(event.what, ApprovalDecided)]
    reminded = [event.what.approval for event in history if isinstance(event.what, ApprovalReminded)]
    assert asked == list(range(1, len(asked) + 1))
    assert len(set(done)) == len(done)
    assert len(set(reminded)) == len(reminded)
    assert {approval.id for approval in ticket.approvals} == set(asked) - set(done)
    rebuilt = before
    for event in history:
        rebuilt = apply(rebuilt, event)
    assert rebuilt == ticket


@given(STEPS)
def test_the_clock_ends_every_waiting_by_itself(steps: list[tuple[Actor, tuple[Command, str]]]) -> None:
    ticket = a_ticket()
    for actor, (command, line) in steps:
        about = command_context(actor=actor, now=NOW, organisation=DESK, words=line)
        ticket = decided(ticket, command, about).ticket or ticket

    while moments := [moment for moment in ticket_deadlines(ticket, the_past(ticket), DESK, NOW) if moment.promise.startswith("approval:")]:
        soonest = min(moments, key=lambda moment: moment.due_at)
        about = command_context(actor=CLOCK, now=soonest.due_at, organisation=DESK)
        after = decided(ticket, command_of(soonest), about)
        assert after.events, "a moment that does nothing would come again for ever"
        ticket = after.ticket or ticket

    assert ticket.approvals == ()


def test_the_two_desks_of_this_page_ask_for_what_they_should() -> None:
    bogdan = command_context(actor=Actor(kind=ActorKind.AGENT, name="bogdan"), now=NOW, organisation=DESK, words="#team network")
    clara = replace(bogdan, actor=Actor(kind=ActorKind.AGENT, name="clara"))

    assert isinstance(decided(a_ticket(), SetTeam(team="network"), bogdan).events[0].what, ApprovalRequested)
    assert not isinstance(decided(a_ticket(), SetTeam(team="network"), clara).events[0].what, ApprovalRequested)
