"""Commands are judged, events make the ticket, and the ticket can be rebuilt from them."""

from __future__ import annotations

import pytest

from mailbridge.organisation.priority import Priority
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.apply import rebuild
from mailbridge.tickets.command_context import CommandContext
from mailbridge.tickets.command_types.escalation import RaiseAlert
from mailbridge.tickets.command_types.mails import AgentReply, CustomerMessage, InternalNote, Open, ReportFailure
from mailbridge.tickets.command_types.values import Assign, Close, Reopen, SetPriority, SetStatus, SetTeam
from mailbridge.tickets.commands import Command
from mailbridge.tickets.decide import decide
from mailbridge.tickets.event_types.mails import MessageAdded, TicketOpened
from mailbridge.tickets.event_types.values import AssigneeChanged, StatusChanged
from mailbridge.tickets.model import Participant, Role, Ticket
from mailbridge.tickets.opening import open_ticket
from tests.builders import AS_BOGDAN, AS_CAROL, CAROL, LATER, NOW, a_ticket, an_organisation, command_context, with_team

FIRST, SECOND = (Actor(kind=ActorKind.RULE, name=name) for name in ("first", "second"))
ABOUT = command_context(actor=AS_BOGDAN, now=LATER, organisation=an_organisation(), mail=7)


def by_carol() -> CommandContext:
    return command_context(actor=AS_CAROL, now=LATER, organisation=an_organisation(), mail=8)


def test_opening_gives_a_ticket_with_everything_the_rules_chose() -> None:
    command = Open(
        subject="x", requester=CAROL, team="network", type="incident", priority=Priority.HIGH, tags=("vpn",), follows=3,
        chosen_by=(("priority", FIRST), ("type", SECOND), ("tag vpn", FIRST)),
    )
    decision = open_ticket(5, command, by_carol())
    ticket = decision.ticket
    assert ticket is not None
    assert (ticket.id, ticket.team, ticket.type, ticket.priority, ticket.tags) == (5, "network", "incident", Priority.HIGH, ("vpn",))
    assert ticket.links == (("possible-follow-up", 3),)
    assert ticket.version == len(decision.events)
    opened, message, type_set, tagged, linked = decision.events
    assert isinstance(opened.what, TicketOpened)
    assert opened.what.chosen_by == (("priority", "rule first"),)
    assert [event.actor for event in (opened, message, type_set, tagged, linked)] == [AS_CAROL, AS_CAROL, SECOND, FIRST, AS_CAROL]


def test_opening_without_a_team_uses_the_default_one() -> None:
    decision = open_ticket(5, Open(subject="x", requester=CAROL), by_carol())
    assert decision.ticket is not None
    assert (decision.ticket.team, decision.ticket.status) == ("support", "new")


@pytest.mark.parametrize(
    "command", [AgentReply(), InternalNote(), Close(), Reopen(), Assign(agent="clara"), SetTeam(team="network"), SetStatus(status="open")]
)
def test_customer_commands_nothing(command: Command) -> None:
    decision = decide(a_ticket(), command, by_carol())
    assert (decision.events, decision.refused) == ((), "agents-only")


def test_agent_who_was_taken_out_of_the_team_file_has_no_rights() -> None:
    gone = command_context(actor=Actor(kind=ActorKind.AGENT, name="zoe"), now=LATER, organisation=an_organisation())
    assert decide(a_ticket(), Close(), gone).refused == "no-agent"


def test_first_answer_owns_an_unclaimed_ticket_where_the_team_wants_that() -> None:
    owned = decide(a_ticket(), AgentReply(), ABOUT).ticket
    assert owned is not None
    assert owned.assignee == "bogdan"
    other = command_context(actor=AS_BOGDAN, now=LATER, organisation=with_team(an_organisation(), "support", answer_owns=False))
    free = decide(a_ticket(), AgentReply(), other).ticket
    assert free is not None
    assert free.assignee == ""


def test_answer_of_a_second_agent_changes_no_owner() -> None:
    after = decide(a_ticket(assignee="clara"), AgentReply(), ABOUT).ticket
    assert after is not None
    assert after.assignee == "clara"


def test_note_is_internal_and_no_first_response() -> None:
    decision = decide(a_ticket(), InternalNote(), ABOUT)
    assert decision.ticket is not None
    assert decision.ticket.first_answered_at is None
    assert [e.what for e in decision.events] == [MessageAdded(author="bogdan", internal=True)]


def test_customers_mail_wakes_a_waiting_ticket_and_reopens_a_closed_one() -> None:
    waiting = decide(a_ticket(), SetStatus(status="waiting"), ABOUT).ticket
    closed = decide(a_ticket(), Close(), ABOUT).ticket
    assert waiting is not None
    assert closed is not None
    assert closed.closed_at == LATER
    for before in (waiting, closed):
        after = decide(before, CustomerMessage(author=CAROL.address), by_carol()).ticket
        assert after is not None
        assert (after.status, after.closed_at) == ("open", None)


def test_robots_mail_moves_nothing() -> None:
    closed = decide(a_ticket(), Close(), ABOUT).ticket
    assert closed is not None
    after = decide(closed, CustomerMessage(author=CAROL.address, automatic=True), by_carol()).ticket
    assert after is not None
    assert after.status == "closed"


def test_waiting_time_is_remembered_from_and_to() -> None:
    waiting = decide(a_ticket(), SetStatus(status="waiting"), ABOUT).ticket
    assert waiting is not None
    assert waiting.waits == ((LATER, None),)
    again = decide(waiting, CustomerMessage(author=CAROL.address), by_carol()).ticket
    assert again is not None
    assert again.waits == ((LATER, LATER),)


def test_closing_twice_happens_once() -> None:
    closed = decide(a_ticket(), Close(), ABOUT).ticket
    assert closed is not None
    assert decide(closed, Close(), ABOUT).events == ()


def test_new_team_takes_the_ticket_from_an_agent_who_is_not_in_it() -> None:
    decision = decide(a_ticket(assignee="bogdan"), SetTeam(team="network"), ABOUT)
    assert decision.ticket is not None
    assert (decision.ticket.team, decision.ticket.assignee) == ("network", "")
    assert decision.events[-1].what == AssigneeChanged(before="bogdan", after="")


@pytest.mark.parametrize(
    ("command", "refused", "nearest"),
    [
        (SetStatus(status="waitign"), "unknown-status", "waiting"),
        (SetStatus(status="inchs"), "unknown-status", "închis"),
        (Assign(agent="klara"), "unknown-agent", "clara"),
        (SetTeam(team="netwrok"), "unknown-team", "network"),
    ],
)
def test_unknown_name_is_refused_with_the_nearest(command: Command, refused: str, nearest: str) -> None:
    decision = decide(a_ticket(), command, ABOUT)
    assert (decision.refused, decision.nearest, decision.events) == (refused, nearest, ())


def test_a_name_that_is_like_none_is_refused_with_those_that_there_are() -> None:
    decision = decide(a_ticket(), SetStatus(status="xyzzy"), ABOUT)
    assert (decision.refused, decision.nearest) == ("unknown-status", "")
    assert decision.detail == "closed, new, open, waiting"


def test_people_who_are_copied_become_participants_once() -> None:
    dave = Participant(address="dave@customer.test", role=Role.MENTIONED)
    once = decide(a_ticket(), CustomerMessage(author=CAROL.address, others=(dave,)), by_carol()).ticket
    assert once is not None
    twice = decide(once, CustomerMessage(author=CAROL.address, others=(dave,)), by_carol())
    assert once.participants == (CAROL, dave)
    assert len(twice.events) == 1


def test_ticket_is_what_its_events_make_of_it() -> None:
    decision = open_ticket(5, Open(subject="x", requester=CAROL, tags=("a",)), by_carol())
    events, ticket = list(decision.events), decision.ticket
    commands: list[Command] = [
        AgentReply(),
        SetStatus(status="waiting"),
        SetPriority(priority=Priority.URGENT),
        SetTeam(team="network"),
        Assign(agent="clara"),
        Close(),
        Reopen(),
        RaiseAlert(promise="response", alert="overdue", due_at=NOW),
        ReportFailure(recipient="x@y.test", what="answered", reason="550"),
    ]
    for command in commands:
        assert ticket is not None
        decision = decide(ticket, command, ABOUT)
        events += decision.events
        ticket = decision.ticket
    assert isinstance(ticket, Ticket)
    assert rebuild(events) == ticket
    assert ticket.version == len(events)
    assert any(isinstance(event.what, StatusChanged) and event.what.reopens for event in events)


def test_history_that_does_not_begin_with_the_opening_is_refused() -> None:
    late = decide(a_ticket(), Close(), ABOUT).events
    with pytest.raises(ValueError, match="begins with StatusChanged"):
        rebuild(late)
