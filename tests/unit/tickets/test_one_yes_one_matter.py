"""A yes is to one matter on the tickets it was asked for; what older programs stored as a line goes on working; what cannot be read is
asked again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailbridge.customers.model import Customers
from mailbridge.execution.held_commands import waiting_for
from mailbridge.organisation.approval_policy import ApprovalPolicy, ApprovalRule, ApprovalTrigger
from mailbridge.organisation.model import Outsiders, Team
from mailbridge.organisation.priority import Priority
from mailbridge.store.documents import load
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.escalation import Approve
from mailbridge.tickets.command_types.relations import Erase, Link, Merge, Undo
from mailbridge.tickets.command_types.values import AddTags, SetPriority
from mailbridge.tickets.commands import Command
from mailbridge.tickets.decide import decide, decide_requests, hold
from mailbridge.tickets.decision import Decision
from mailbridge.tickets.event_types.escalation import ApprovalDecided, ApprovalRequested
from mailbridge.tickets.event_types.values import TagsAdded
from mailbridge.tickets.model import Approval, ApprovalKind, Participant, Role, StoredCommand, Ticket
from mailbridge.tickets.requests import Request
from tests.builders import CAROL, LATER, NOW, a_ticket, an_organisation, command_context, decided
from tests.unit.tickets.office import Office

AS_MARA = Actor(kind=ActorKind.AGENT, name="mara")
AS_CLARA = Actor(kind=ActorKind.AGENT, name="clara")
DESK = an_organisation(
    approval_policy=ApprovalPolicy(
        approvals=(ApprovalRule(what=ApprovalTrigger.TAG), ApprovalRule(what=ApprovalTrigger.PRIORITY, by=("clara",)))
    ),
)
TAG = AddTags(tags=("discount",))


def whys(decision: Decision) -> list[tuple[int, str]]:
    events = [*decision.events, *(event for change in decision.elsewhere for event in change.events)]
    return [(event.ticket, event.what.why) for event in events if isinstance(event.what, ApprovalRequested)]


def test_the_yes_to_many_asks_the_manager_on_each_ticket() -> None:
    four = [a_ticket(id=number) for number in (1, 2, 3, 4)]
    context = command_context(organisation=DESK, tickets={ticket.id: ticket for ticket in four[1:]})
    asked = hold(four[0], Request(commands=(TAG,)), "many", (1, 2, 3, 4), context)
    assert asked.ticket is not None

    yes = decided(asked.ticket, Approve(), context)

    assert whys(yes) == [(1, "tag"), (2, "tag"), (3, "tag"), (4, "tag")]
    assert not any(isinstance(event.what, TagsAdded) for event in yes.events)


def test_a_second_matter_of_the_same_request_is_asked_for_after_the_first() -> None:
    context = command_context(organisation=DESK)
    request = Request(commands=(TAG, SetPriority(priority=Priority.URGENT)))

    first, _ = decide_requests(a_ticket(), [request], context)
    assert first.ticket is not None
    second = decided(first.ticket, Approve(), replace(context, actor=AS_MARA))
    assert second.ticket is not None
    done = decided(second.ticket, Approve(), replace(context, actor=AS_CLARA))

    assert (whys(first), whys(second), whys(done)) == ([(1, "tag")], [(1, "priority")], [])
    assert (second.ticket.tags, second.ticket.priority) == ((), Priority.NORMAL)
    assert done.ticket is not None
    assert (done.ticket.tags, done.ticket.priority, done.ticket.approvals) == (("discount",), Priority.URGENT, ())


# What the database of an older program holds: no commands, no tickets, no matter.
OLD = (
    '{"id": 1, "kind": "%s", "line": "%s", "asker": "bogdan", "approvers": ["%s"], "asked_at": "2026-11-23T09:00:00Z", '
    '"expires_at": "2026-11-24T09:00:00Z", "remind_at": null, "deputies": [], "mail": 7}'
)


def old(kind: str, line: str, approver: str) -> Ticket:
    return a_ticket(approvals=(load(OLD % (kind, line, approver), Approval),), approvals_asked=1)


def test_a_line_that_an_older_program_kept_is_done_on_its_ticket_alone() -> None:
    ticket = old("approval", "#tag discount MB-1 MB-2", "mara")

    yes = decided(ticket, Approve(), command_context(actor=AS_MARA, organisation=DESK, tickets={2: a_ticket(id=2)}))

    assert yes.ticket is not None
    assert (yes.ticket.tags, yes.elsewhere) == (("discount",), ())


def test_many_that_an_older_program_kept_are_done_on_all_that_were_named() -> None:
    ticket = old("confirmation", "#tag vip MB-1 MB-2 MB-3 MB-4", "bogdan")
    plain = an_organisation()
    others = {number: a_ticket(id=number) for number in (2, 3, 4)}

    yes = decided(ticket, Approve(), command_context(organisation=plain, tickets=others))

    assert yes.ticket is not None
    assert yes.ticket.tags == ("vip",)
    assert [change.ticket.tags for change in yes.elsewhere] == [("vip",)] * 3


def test_a_risk_that_an_older_program_asked_about_is_agreed_to() -> None:
    waiting = old("confirmation", "#erase", "mara")
    (approval,) = waiting.approvals

    assert "erase" in waiting_for(1, approval, DESK).agreed
    assert waiting_for(1, approval, DESK).commands == (Erase(),)


def test_what_cannot_be_read_is_asked_again_and_not_done() -> None:
    newer = (StoredCommand(name="add-tags", version=9, values={"tags": ["discount"], "colour": "red"}),)
    waiting = Approval(
        id=1,
        kind=ApprovalKind.APPROVAL,
        line="#tag discount",
        asker="bogdan",
        approvers=("mara",),
        asked_at=NOW,
        expires_at=LATER,
        commands=newer,
        why="tag",
    )
    ticket = a_ticket(approvals=(waiting,), approvals_asked=1)

    yes = decided(ticket, Approve(), command_context(actor=AS_MARA, organisation=DESK))

    assert yes.ticket is not None
    (gone, again) = (event.what for event in yes.events)
    assert isinstance(gone, ApprovalDecided)
    assert (gone.granted, gone.refused, yes.refused) == (False, "asked-again", "asked-again")
    assert isinstance(again, ApprovalRequested)
    assert (again.approval.id, again.approval.approvers, again.why) == (2, ("mara",), "tag")
    assert yes.ticket.tags == ()
    done = decided(yes.ticket, Approve(), command_context(actor=AS_MARA, organisation=DESK)).ticket
    assert done is not None
    assert done.tags == ("discount",)


CLOSED = replace(
    an_organisation(), teams={**an_organisation().teams, "people": Team(name="people", title="People", outsiders=Outsiders.NOTHING)}
)


@pytest.mark.parametrize("command", [Merge(into=2), Link(ticket=2), Link(ticket=2, relation="blocks")])
def test_both_tickets_need_the_right(command: Command) -> None:
    theirs = a_ticket(id=2, team="people")
    bogdan = command_context(organisation=CLOSED, tickets={2: theirs})

    refused = decide(a_ticket(), command, bogdan)

    assert (refused.refused, refused.detail, refused.events, refused.elsewhere) == ("other-team", "2", (), ())
    assert not decide(a_ticket(), command, replace(bogdan, actor=AS_MARA)).refused
    assert not decide(a_ticket(), command, replace(bogdan, tickets={2: replace(theirs, assignee="bogdan")})).refused


@pytest.mark.parametrize(
    ("others", "asks"),
    [
        ((), False),
        ((Participant(address="dana@other.test", role=Role.PARTICIPANT),), True),
        ((Participant(address="dana@other.test", role=Role.MENTIONED),), True),
        ((Participant(address="clara@desk.test", role=Role.PARTICIPANT),), False),
    ],
)
def test_a_merge_asks_where_anybody_on_the_tickets_is_of_another_customer(others: tuple[Participant, ...], asks: bool) -> None:
    with_others = a_ticket(id=2, participants=(CAROL, *others))
    for here, there in ((a_ticket(), with_others), (replace(with_others, id=1), a_ticket(id=2))):
        done = decide(here, Merge(into=2), command_context(customers=Customers(), tickets={2: there}, request=(Merge(into=2),)))
        assert bool(whys(done)) is asks


def test_a_manager_of_one_team_takes_back_nothing_in_another() -> None:
    """Undo of somebody else's doing needs the right to work on each ticket that it would change."""
    lead = replace(CLOSED.teams["support"], managers=("clara",))
    shut = replace(CLOSED.teams["network"], members=(), outsiders=Outsiders.NOTHING)
    office = Office(organisation=replace(CLOSED, teams={**CLOSED.teams, "support": lead, "network": shut}))
    one, two = office.open(CAROL), office.open(CAROL)
    office.tickets[two] = replace(office.tickets[two], team="network")
    office.do(AS_MARA, one, Link(ticket=two))

    refused = office.do(AS_CLARA, one, Undo())[0]

    assert (refused.refused, refused.detail) == ("other-team", str(two))
