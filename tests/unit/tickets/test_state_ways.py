"""Where a ticket may go, who may move it, and what the desk itself does all the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailbridge.organisation.model import Agent, ClosedPolicy, Organisation, Outsiders
from mailbridge.organisation.status import HIDDEN, Mover, Status
from mailbridge.organisation.transitions import DEFAULTS, same_to_customers
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.apply import rebuild
from mailbridge.tickets.command_types.mails import AgentReply, CustomerMessage, InternalNote, Open
from mailbridge.tickets.command_types.values import Assign, Close, Reopen, SetStatus
from mailbridge.tickets.commands import Command
from mailbridge.tickets.deadlines import opens_again
from mailbridge.tickets.decide import decide
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.opening import open_ticket
from tests.builders import AS_BOGDAN, AS_CAROL, CAROL, LATER, NOW, a_ticket, an_organisation, command_context, with_team

STATUSES = {
    "new": replace(DEFAULTS["new"], next=("open", "closed")),
    "open": replace(DEFAULTS["open"], next=("waiting", "ordered", "resolved")),
    "waiting": replace(DEFAULTS["waiting"], next=("open",)),
    "ordered": Status(name="ordered", title="Ordered", waiting=True, others=True, next=("open",)),
    "resolved": Status(name="resolved", title="Solved", open=False, next=("open", "closed"), closes_after=timedelta(days=7)),
    "closed": replace(DEFAULTS["closed"], next=("open",), may=Mover.MANAGER),
}
AS_CLARA = Actor(kind=ActorKind.AGENT, name="clara")
AS_MARA = Actor(kind=ActorKind.AGENT, name="mara")
AS_ZOE = Actor(kind=ActorKind.AGENT, name="zoe")
CLOCK = Actor(kind=ActorKind.CLOCK, name="closing")
RULE = Actor(kind=ActorKind.RULE, name="r1")


def a_desk() -> Organisation:
    """Bogdan and Clara work in support, Clara in network; Zoe only observes; Mara is a manager."""
    zoe = Agent(name="zoe", title="Zoe", address="zoe@desk.test", observer=True)
    usual = an_organisation(statuses=STATUSES)
    return replace(usual, agents={**usual.agents, "zoe": zoe})


def done(command: Command, ticket: Ticket, actor: Actor = AS_BOGDAN, organisation: Organisation | None = None) -> tuple[str, str]:
    """The status after it, or the reason why not."""
    about = command_context(actor=actor, now=LATER, organisation=organisation or a_desk())
    decision = decide(ticket, command, about)
    return (decision.ticket.status if decision.ticket else ""), decision.refused


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        ("new", "open", ""),
        ("new", "resolved", "no-such-way"),
        ("open", "ordered", ""),
        ("open", "closed", "no-such-way"),
        ("ordered", "waiting", "no-such-way"),
        ("waiting", "waiting", ""),
        ("open", "solved", "unknown-status"),
    ],
)
def test_agent_goes_only_where_a_way_leads(before: str, after: str, refused: str) -> None:
    ticket = a_ticket(status=before)

    assert done(SetStatus(status=after), ticket) == (before if refused else after, refused)


def test_refusal_names_the_ways_there_are() -> None:
    about = command_context(actor=AS_BOGDAN, now=LATER, organisation=a_desk())

    decision = decide(a_ticket(status="open"), SetStatus(status="closed"), about)

    assert decision.detail == "waiting, ordered, resolved"


def test_misspelt_status_is_told_with_the_nearest() -> None:
    about = command_context(actor=AS_BOGDAN, now=LATER, organisation=a_desk())

    assert decide(a_ticket(), SetStatus(status="resolvd"), about).nearest == "resolved"


def test_status_without_ways_of_its_own_leads_anywhere() -> None:
    organisation = replace(a_desk(), statuses={**STATUSES, "open": DEFAULTS["open"]})

    assert done(SetStatus(status="resolved"), a_ticket(), organisation=organisation) == ("resolved", "")


@pytest.mark.parametrize(("actor", "refused"), [(AS_BOGDAN, "for-managers"), (AS_MARA, "")])
def test_only_whom_the_status_is_for_moves_a_ticket_there(actor: Actor, refused: str) -> None:
    ticket = a_ticket(status="resolved", closed_at=NOW)

    assert done(Close(), ticket, actor) == ("resolved" if refused else "closed", refused)


@pytest.mark.parametrize(("actor", "refused"), [(AS_BOGDAN, "for-members"), (AS_CLARA, ""), (AS_MARA, "")])
def test_status_for_members_is_no_outsiders(actor: Actor, refused: str) -> None:
    organisation = replace(a_desk(), statuses={**STATUSES, "resolved": replace(STATUSES["resolved"], may=Mover.MEMBER)})

    assert done(SetStatus(status="resolved"), a_ticket(team="network"), actor, organisation)[1] == refused


@pytest.mark.parametrize("actor", [RULE, CLOCK, Actor(kind=ActorKind.ADMIN)])
def test_rules_clocks_and_the_command_line_go_anywhere(actor: Actor) -> None:
    assert done(SetStatus(status="closed"), a_ticket(status="ordered"), actor) == ("closed", "")


@pytest.mark.parametrize("before", ["waiting", "ordered", "resolved", "closed"])
def test_customers_mail_opens_a_ticket_without_any_way(before: str) -> None:
    no_ways = {name: replace(status, next=()) for name, status in STATUSES.items()}
    ticket = a_ticket(status=before, closed_at=None if STATUSES[before].open else NOW)

    assert done(CustomerMessage(author="carol@customer.test"), ticket, AS_CAROL, replace(a_desk(), statuses=no_ways)) == ("open", "")


@pytest.mark.parametrize("command", [AgentReply(), Assign(agent="bogdan")])
def test_answer_and_taking_open_a_new_ticket_without_any_way(command: Command) -> None:
    organisation = replace(a_desk(), statuses={**STATUSES, "new": replace(STATUSES["new"], next=())})

    assert done(command, a_ticket(status="new"), organisation=organisation) == ("open", "")


def test_reopening_by_an_agent_needs_a_way() -> None:
    organisation = replace(a_desk(), statuses={**STATUSES, "closed": replace(STATUSES["closed"], next=())})

    assert done(Reopen(), a_ticket(status="closed", closed_at=NOW), organisation=organisation) == ("closed", "no-such-way")
    assert done(Reopen(), a_ticket(status="closed", closed_at=NOW)) == ("open", "")


def test_from_resolved_to_closed_the_time_of_the_end_and_the_standing_clocks_stay() -> None:
    resolved = a_ticket(status="resolved", closed_at=NOW, waits=((NOW, None),))
    about = command_context(actor=CLOCK, now=LATER, organisation=a_desk())

    closed = decide(resolved, Close(), about).ticket

    assert closed is not None
    assert (closed.status, closed.closed_at, closed.waits) == ("closed", NOW, ((NOW, None),))


@pytest.mark.parametrize("status", ["waiting", "resolved"])
def test_ticket_that_a_rule_opens_as_waiting_or_done_has_standing_clocks(status: str) -> None:
    about = command_context(actor=AS_CAROL, now=NOW, organisation=a_desk())

    decision = open_ticket(5, Open(subject="x", requester=CAROL, status=status, chosen_by=(("status", RULE),)), about)

    ticket = decision.ticket
    assert ticket is not None
    assert (ticket.status, ticket.waits) == (status, ((NOW, None),))
    assert ticket.closed_at == (NOW if status == "resolved" else None)
    assert rebuild(decision.events) == ticket
    assert decision.events[-1].actor == RULE


# rights


@pytest.mark.parametrize(
    ("outsiders", "command", "refused"),
    [
        (Outsiders.MAY_WORK, Close(), ""),
        (Outsiders.MAY_NOTE, InternalNote(), ""),
        (Outsiders.MAY_NOTE, AgentReply(), "other-team"),
        (Outsiders.NOTHING, InternalNote(), "other-team"),
    ],
)
def test_outsiders_do_what_the_team_lets_them(outsiders: Outsiders, command: Command, refused: str) -> None:
    organisation = with_team(replace(a_desk(), statuses={}), "network", outsiders=outsiders)

    assert done(command, a_ticket(team="network"), AS_BOGDAN, organisation)[1] == refused


@pytest.mark.parametrize("actor", [AS_CLARA, AS_MARA])
def test_members_and_managers_are_no_outsiders(actor: Actor) -> None:
    organisation = with_team(a_desk(), "network", outsiders=Outsiders.NOTHING)

    assert done(AgentReply(), a_ticket(team="network"), actor, organisation)[1] == ""


def test_whoever_a_ticket_was_given_to_is_no_outsider_on_it() -> None:
    organisation = with_team(a_desk(), "network", outsiders=Outsiders.NOTHING)

    assert done(AgentReply(), a_ticket(team="network", assignee="bogdan"), AS_BOGDAN, organisation)[1] == ""


@pytest.mark.parametrize(("command", "refused"), [(InternalNote(), ""), (AgentReply(), "observer"), (Assign(agent="zoe"), "observer")])
def test_observer_notes_and_does_no_work(command: Command, refused: str) -> None:
    assert done(command, a_ticket(), AS_ZOE)[1] == refused


def test_nobody_gives_a_ticket_to_an_observer() -> None:
    assert done(Assign(agent="zoe"), a_ticket())[1] == "only-observes"


# what customers see


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (Status(name="a", title="A"), Status(name="b", title="B"), False),
        (Status(name="a", title="A"), Status(name="b", title="B", shown="A"), True),
        (Status(name="a", title="A"), Status(name="b", title="B", shown=HIDDEN), True),
        (Status(name="a", title="A", shown=HIDDEN), Status(name="b", title="B"), False),
        (Status(name="a", title="A"), Status(name="b", title="A", titles={"ro": "Be"}), False),
    ],
)
def test_customers_tell_statuses_apart_by_what_is_shown(before: Status, after: Status, same: bool) -> None:
    assert same_to_customers(before, after) is same


def test_title_is_in_the_readers_language_where_there_is_one() -> None:
    status = Status(name="a", title="A", titles={"ro": "Ă"}, shown="B", shown_titles={"ro": "Be"})

    assert [status.title_in(language) for language in ("ro", "ro-MD", "de")] == ["Ă", "Ă", "A"]
    assert [status.shown_in(language) for language in ("ro", "de")] == ["Be", "B"]


def test_answer_to_what_closes_later_opens_again_even_where_closed_tickets_stay_closed() -> None:
    organisation = with_team(a_desk(), "support", closed=ClosedPolicy.NEW)

    assert opens_again(a_ticket(status="resolved", closed_at=NOW), organisation)
    assert not opens_again(a_ticket(status="closed", closed_at=NOW), organisation)
