"""What needs a yes waits for it: a manager's, or the asker's own; a yes does it, a no and the clock drop it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

import pytest

from mailbridge.customers.model import Customer, Customers, customers
from mailbridge.organisation.approval_policy import ApprovalPolicy, ApprovalRule, ApprovalTrigger
from mailbridge.organisation.model import Organisation
from mailbridge.organisation.people import Absence
from mailbridge.organisation.priority import Priority
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.apply import apply
from mailbridge.tickets.command_context import CommandContext
from mailbridge.tickets.command_types.escalation import Approve, ExpireApproval, ReassignApproval, Reject, RemindApproval
from mailbridge.tickets.command_types.mails import Open
from mailbridge.tickets.command_types.relations import Erase, Merge
from mailbridge.tickets.command_types.values import AddTags, RemoveTags, SetPriority, SetStatus, SetTeam
from mailbridge.tickets.commands import Command
from mailbridge.tickets.deadlines import command_of, ticket_deadlines
from mailbridge.tickets.decide import HANDLERS, decide_requests
from mailbridge.tickets.decision import Decision
from mailbridge.tickets.event_types.escalation import ApprovalDecided, ApprovalReassigned, ApprovalRequested, Escalated
from mailbridge.tickets.event_types.relations import ContentErased, MergedInto
from mailbridge.tickets.event_types.values import PriorityChanged, StatusChanged, TagsAdded, TeamChanged
from mailbridge.tickets.event_types.work import EstimateSet, WorkCorrected, WorkRecorded
from mailbridge.tickets.events import TicketEvent
from mailbridge.tickets.handlers.approvals import needed
from mailbridge.tickets.model import Activity, ApprovalKind, Participant, Ticket, WorkKind
from mailbridge.tickets.requests import Request
from tests.builders import (
    ALL_AGREED,
    AS_BOGDAN,
    AS_CAROL,
    CAROL,
    LATER,
    MARA,
    NOW,
    a_ticket,
    an_organisation,
    command_context,
    decided,
    the_past,
)

AS_MARA = Actor(kind=ActorKind.AGENT, name="mara")
AS_CLARA = Actor(kind=ActorKind.AGENT, name="clara")
URGENT = ApprovalRule(what=ApprovalTrigger.PRIORITY, names=frozenset({"urgent"}), deputies=("clara",))
DAY = date(2026, 11, 23)


def desk(*rules: ApprovalRule) -> Organisation:
    return an_organisation(approval_policy=ApprovalPolicy(approvals=rules or (URGENT,)))


def about(actor: Actor = AS_BOGDAN, line: str = "#priority urgent", organisation: Organisation | None = None) -> CommandContext:
    return command_context(actor=actor, now=NOW, organisation=organisation or desk(), words=line, mail=7)


def asked() -> Ticket:
    """Bogdan wants it urgent; Mara has to agree."""
    ticket = decided(a_ticket(), SetPriority(priority=Priority.URGENT), about()).ticket
    assert ticket is not None
    return ticket


def happened(decision: Decision) -> list[TicketEvent]:
    return [event.what for event in decision.events]


def test_what_needs_a_managers_yes_is_asked_and_not_done() -> None:
    decision = decided(a_ticket(), SetPriority(priority=Priority.URGENT), about())

    assert decision.ticket is not None
    (approval,) = decision.ticket.approvals
    assert decision.ticket.priority is Priority.NORMAL
    assert (approval.id, approval.kind, approval.line, approval.asker) == (1, ApprovalKind.APPROVAL, "#priority urgent", "bogdan")
    assert (approval.approvers, approval.deputies, approval.mail) == (("mara",), ("clara",), 7)
    assert (approval.remind_at, approval.expires_at) == (NOW + timedelta(hours=4), NOW + timedelta(hours=24))
    assert isinstance(decision.events[0].what, ApprovalRequested)
    assert decision.events[0].what.why == "priority"


def test_another_value_of_the_same_matter_needs_no_yes() -> None:
    decision = decided(a_ticket(), SetPriority(priority=Priority.HIGH), about(line="#priority high"))

    assert [type(what) for what in happened(decision)] == [PriorityChanged]


@pytest.mark.parametrize("actor", [AS_MARA, Actor(kind=ActorKind.RULE, name="r"), Actor(kind=ActorKind.ADMIN)])
def test_who_may_say_yes_and_who_is_no_agent_asks_nobody(actor: Actor) -> None:
    decision = decided(a_ticket(), SetPriority(priority=Priority.URGENT), about(actor))

    assert [type(what) for what in happened(decision)] == [PriorityChanged]


def test_what_is_refused_or_changes_nothing_asks_nobody() -> None:
    rules = desk(ApprovalRule(what=ApprovalTrigger.STATUS), ApprovalRule(what=ApprovalTrigger.TEAM))

    assert decided(a_ticket(), SetStatus(status="nonsense"), about(line="#status nonsense", organisation=rules)).refused == "unknown-status"
    assert decided(a_ticket(), SetTeam(team="support"), about(line="#team support", organisation=rules)).events == ()


def test_the_same_line_is_not_asked_for_twice() -> None:
    again = decided(asked(), SetPriority(priority=Priority.URGENT), about())

    assert (again.refused, again.detail, again.events) == ("already-asked", "1", ())


def test_where_nobody_may_say_yes_the_command_is_refused() -> None:
    nobody = desk(replace(URGENT, by=("left-long-ago",)))

    assert decided(a_ticket(), SetPriority(priority=Priority.URGENT), about(organisation=nobody)).refused == "nobody-approves"


def test_a_yes_does_it_as_the_asker() -> None:
    decision = decided(asked(), Approve(reason="for them, always"), about(AS_MARA, line="#approve for them, always"))

    assert decision.ticket is not None
    assert (decision.ticket.priority, decision.ticket.approvals) == (Priority.URGENT, ())
    yes, done = decision.events
    assert (yes.actor, done.actor) == (AS_MARA, AS_BOGDAN)
    assert yes.what == ApprovalDecided(
        approval=1, granted=True, reason="for them, always", line="#priority urgent", asker="bogdan", asked=("mara",)
    )
    assert isinstance(done.what, PriorityChanged)


def test_a_no_drops_it_and_says_why() -> None:
    decision = decided(asked(), Reject(reason="not this one "), about(AS_MARA, line="#reject not this one"))

    assert decision.ticket is not None
    assert (decision.ticket.priority, decision.ticket.approvals) == (Priority.NORMAL, ())
    assert happened(decision) == [
        ApprovalDecided(approval=1, granted=False, reason="not this one", line="#priority urgent", asker="bogdan", asked=("mara",))
    ]


@pytest.mark.parametrize("command", [Approve(approval=1), Reject(approval=1)])
def test_only_who_is_asked_decides(command: Command) -> None:
    for actor in (AS_BOGDAN, AS_CLARA):
        assert decided(asked(), command, about(actor)).refused == "not-yours-to-approve"
    assert decided(asked(), command, about(AS_CAROL)).refused == "agents-only"


def test_a_number_that_waits_for_nobody_and_a_yes_without_a_question_are_refused() -> None:
    assert decided(asked(), Approve(approval=9), about(AS_MARA)).refused == "nothing-to-approve"
    assert decided(a_ticket(), Approve(), about(AS_MARA)).refused == "nothing-to-approve"


def test_where_two_wait_a_yes_names_one() -> None:
    both = desk(URGENT, ApprovalRule(what=ApprovalTrigger.TEAM))
    two = decided(asked(), SetTeam(team="network"), about(line="#team network", organisation=both)).ticket
    assert two is not None

    unclear = decided(two, Approve(), about(AS_MARA, organisation=both))
    clear = decided(two, Approve(approval=2), about(AS_MARA, organisation=both))

    assert (unclear.refused, unclear.detail) == ("which-approval", "1, 2")
    assert clear.ticket is not None
    assert (clear.ticket.team, [approval.id for approval in clear.ticket.approvals]) == ("network", [1])


def test_what_can_no_longer_be_done_is_said_with_the_yes() -> None:
    gone = desk(ApprovalRule(what=ApprovalTrigger.TEAM))
    ticket = decided(a_ticket(), SetTeam(team="network"), about(line="#team network", organisation=gone)).ticket
    assert ticket is not None
    without = replace(gone, teams={"support": gone.teams["support"]})

    decision = decided(ticket, Approve(), about(AS_MARA, organisation=without))

    (said,) = happened(decision)
    assert isinstance(said, ApprovalDecided)
    assert (said.granted, said.refused) == (True, "unknown-team")
    assert decision.refused == "unknown-team"


def test_a_line_the_desk_does_not_know_any_more_is_said_with_the_yes() -> None:
    ticket = asked()
    ticket = replace(ticket, approvals=(replace(ticket.approvals[0], line="#frobnicate 7", commands=()),))

    (said,) = happened(decided(ticket, Approve(), about(AS_MARA)))

    assert isinstance(said, ApprovalDecided)
    assert said.refused == "not-understood-now"


def test_from_the_reminder_on_deputies_may_decide_and_it_reminds_once() -> None:
    by_clock = about(Actor(kind=ActorKind.CLOCK, name="approval:1"), line="")
    reminded = decided(asked(), RemindApproval(approval=1), by_clock).ticket
    assert reminded is not None

    again = decided(reminded, RemindApproval(approval=1), by_clock)
    by_deputy = decided(reminded, Approve(), about(AS_CLARA))

    assert again.events == ()
    assert by_deputy.ticket is not None
    assert by_deputy.ticket.priority is Priority.URGENT


@pytest.mark.parametrize(
    ("of", "to", "events", "approvers"),
    [
        ("mara", "clara", [ApprovalReassigned(approval=1, before="mara", after=("clara",))], ("clara",)),
        ("mara", "", [], ("mara",)),  # no other manager: it expires
        ("mara", "bogdan", [], ("mara",)),  # who asked does not decide
        ("clara", "", [ApprovalReassigned(approval=1, before="clara")], ("mara",)),  # a deputy until now
        ("bogdan", "clara", [], ("mara",)),
    ],
)
def test_a_successor_decides_in_place_of_who_leaves(of: str, to: str, events: list[TicketEvent], approvers: tuple[str, ...]) -> None:
    decision = decided(asked(), ReassignApproval(approval=1, of=of, to=to), about(AS_MARA, line=""))

    assert happened(decision) == events
    assert decision.ticket is not None
    (approval,) = decision.ticket.approvals
    assert approval.approvers == approvers
    assert (of in approval.deputies) is False


def test_nobodys_answer_is_no_in_the_end() -> None:
    by_clock = about(Actor(kind=ActorKind.CLOCK, name="approval:1"), line="")
    expired = decided(asked(), ExpireApproval(approval=1), by_clock)
    assert expired.ticket is not None

    assert happened(expired) == [
        ApprovalDecided(approval=1, granted=False, expired=True, line="#priority urgent", asker="bogdan", asked=("mara",))
    ]
    assert decided(expired.ticket, ExpireApproval(approval=1), by_clock).events == ()
    assert decided(expired.ticket, Approve(approval=1), about(AS_MARA)).refused == "nothing-to-approve"


def test_the_clock_holds_both_moments_while_it_waits_on_closed_tickets_too() -> None:
    ticket = replace(asked(), closed_at=LATER)

    moments = ticket_deadlines(ticket, the_past(ticket), desk(), NOW)

    assert [(m.promise, m.step, m.due_at) for m in moments] == [
        ("approval:1", "remind", NOW + timedelta(hours=4)),
        ("approval:1", "expire", NOW + timedelta(hours=24)),
    ]
    assert [command_of(m) for m in moments] == [RemindApproval(approval=1), ExpireApproval(approval=1)]
    assert ticket_deadlines(replace(ticket, approvals=()), the_past(ticket), desk(), NOW) == ()


def test_erasing_asks_the_agent_again() -> None:
    need = needed(a_ticket(), Erase(), about(line="#erase"), [ContentErased(mails=(1,))])

    assert need is not None
    assert (need.kind, need.why, need.approvers) == (ApprovalKind.CONFIRMATION, "erase", ("bogdan",))
    assert (need.remind_at, need.expires_at) == (None, NOW + timedelta(hours=24))
    assert needed(a_ticket(), Erase(), replace(about(line="#erase"), agreed=ALL_AGREED), [ContentErased(mails=(1,))]) is None


@pytest.mark.parametrize(
    ("requester", "why"),
    [("carol@customer.test", ""), ("dan@acme.test", ""), ("eve@elsewhere.test", "merge-customers")],
)
def test_merging_asks_again_across_customers(requester: str, why: str) -> None:
    acme = customers((Customer(name="acme", title="Acme", domains=("customer.test", "acme.test")),))
    other = a_ticket(id=2, participants=(Participant(address=requester),))
    command_context = replace(about(line="#merge 2"), customers=acme, tickets={2: other})

    need = needed(a_ticket(), Merge(into=2), command_context, [MergedInto(survivor=2)])

    assert (need.why if need else "") == why


def test_strangers_are_different_customers() -> None:
    other = a_ticket(id=2, participants=(replace(CAROL, address="dan@customer.test"),))
    command_context = replace(about(line="#merge 2"), customers=Customers(), tickets={2: other})

    assert needed(a_ticket(), Merge(into=2), command_context, [MergedInto(survivor=2)]) is not None


def work(minutes: int, kind: WorkKind = WorkKind.WORKED) -> Activity:
    return Activity(id=1, agent="bogdan", kind=kind, day=DAY, minutes=minutes)


OVER_8H = timedelta(hours=8)


@pytest.mark.parametrize(
    ("rule", "event", "asks"),
    [
        (ApprovalRule(what=ApprovalTrigger.WORK_OVER, over=OVER_8H), WorkRecorded(activity=work(480)), False),
        (ApprovalRule(what=ApprovalTrigger.WORK_OVER, over=OVER_8H), WorkRecorded(activity=work(481)), True),
        (ApprovalRule(what=ApprovalTrigger.WORK_OVER, over=OVER_8H), WorkRecorded(activity=work(481, WorkKind.TRAVELLED)), False),
        (ApprovalRule(what=ApprovalTrigger.TRAVEL_OVER, over=OVER_8H), WorkRecorded(activity=work(481, WorkKind.TRAVELLED)), True),
        (ApprovalRule(what=ApprovalTrigger.WORK_OVER, over=OVER_8H), WorkCorrected(before=work(60), after=work(600)), True),
        (ApprovalRule(what=ApprovalTrigger.WORK_OVER, over=OVER_8H), WorkCorrected(before=work(700), after=work(600)), False),
        (ApprovalRule(what=ApprovalTrigger.WORK_OVER, over=OVER_8H), WorkCorrected(before=work(700), after=None), False),
        (ApprovalRule(what=ApprovalTrigger.ESTIMATE_OVER, over=OVER_8H), EstimateSet(before=None, after=481, by="bogdan"), True),
        (ApprovalRule(what=ApprovalTrigger.ESTIMATE_OVER, over=OVER_8H), EstimateSet(before=None, after=480, by="bogdan"), False),
        (ApprovalRule(what=ApprovalTrigger.TAG, names=frozenset({"discount"})), TagsAdded(tags=("vip", "discount")), True),
        (ApprovalRule(what=ApprovalTrigger.TAG, names=frozenset({"discount"})), TagsAdded(tags=("vip",)), False),
        (ApprovalRule(what=ApprovalTrigger.STATUS, names=frozenset({"closed"})), StatusChanged(before="open", after="closed"), True),
        (ApprovalRule(what=ApprovalTrigger.TEAM), TeamChanged(before="a", after="b"), True),
        (ApprovalRule(what=ApprovalTrigger.ESCALATE), Escalated(chain="field", before=0, after=1, to="network"), True),
        (
            ApprovalRule(what=ApprovalTrigger.ESCALATE, names=frozenset({"vendor"})),
            Escalated(chain="f", before=1, after=2, to="vendor"),
            True,
        ),
        (ApprovalRule(what=ApprovalTrigger.ESCALATE, names=frozenset({"f"})), Escalated(chain="f", before=1, after=2, to="vendor"), True),
        (ApprovalRule(what=ApprovalTrigger.ESCALATE, names=frozenset({"g"})), Escalated(chain="f", before=1, after=2, to="vendor"), False),
        (ApprovalRule(what=ApprovalTrigger.PRIORITY), PriorityChanged(before=Priority.LOW, after=Priority.HIGH), True),
    ],
)
def test_a_rule_looks_at_what_would_happen(rule: ApprovalRule, event: TicketEvent, asks: bool) -> None:
    need = needed(a_ticket(), AddTags(tags=()), about(organisation=desk(rule)), [event])

    assert (need is not None) is asks


def test_two_that_wait_have_numbers_of_their_own_for_ever() -> None:
    first = decided(asked(), Reject(), about(AS_MARA)).ticket
    assert first is not None

    second = decided(first, SetPriority(priority=Priority.URGENT), about()).ticket

    assert second is not None
    assert [approval.id for approval in second.approvals] == [2]


def test_the_ticket_is_rebuilt_from_the_events_of_asking_and_deciding() -> None:
    decision = decided(asked(), Approve(), about(AS_MARA))
    ticket = asked()
    for event in decision.events:
        ticket = apply(ticket, event)

    assert ticket == decision.ticket


def test_a_line_of_several_things_is_done_as_a_whole_after_the_yes() -> None:
    discount = desk(ApprovalRule(what=ApprovalTrigger.TAG, names=frozenset({"discount"})))
    ticket = a_ticket(tags=("old",))
    line = "#tag discount -old"
    request = Request(commands=(AddTags(tags=("discount",)), RemoveTags(tags=("old",))), words=line)
    waiting = decide_requests(ticket, [request], about(organisation=discount))[0].ticket
    assert waiting is not None

    decision = decided(waiting, Approve(), about(AS_MARA, organisation=discount))

    assert decision.ticket is not None
    assert decision.ticket.tags == ("discount",)


def test_the_deputy_of_an_absence_is_asked_as_well_but_never_over_an_own_wish() -> None:
    absence = Absence(first=DAY, last=DAY, deputy="clara")
    organisation = desk()
    organisation = replace(organisation, agents={**organisation.agents, "mara": replace(MARA, absences=(absence,))})
    wish = SetPriority(priority=Priority.URGENT)

    by_bogdan = decided(a_ticket(), wish, about(organisation=organisation)).ticket
    by_clara = decided(a_ticket(), wish, about(AS_CLARA, organisation=organisation)).ticket

    assert by_bogdan is not None
    assert (by_bogdan.approvals[0].approvers, by_bogdan.approvals[0].deputies) == (("mara", "clara"), ("clara",))
    assert by_clara is not None
    assert (by_clara.approvals[0].approvers, by_clara.approvals[0].deputies) == (("mara",), ())


def test_every_command_but_open_has_a_judge() -> None:
    assert set(get_args(Command)) - set(HANDLERS) == {Open}
