"""Up the chain, by skill and level, to teams, agents and consultants."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from mailbridge.organisation.model import Agent, Organisation
from mailbridge.organisation.people import Absence, Consultant, EscalationChain, EscalationStep
from mailbridge.tickets.command_types.escalation import Escalate
from mailbridge.tickets.decide import decide
from mailbridge.tickets.decision import Decision
from mailbridge.tickets.event_types.escalation import Escalated
from mailbridge.tickets.event_types.values import AssigneeChanged, TeamChanged
from mailbridge.tickets.events import TicketEvent
from mailbridge.tickets.model import Ticket
from tests.builders import AS_BOGDAN, BOGDAN, CLARA, MARA, NOW, a_ticket, an_organisation, command_context

PRINTERS = EscalationChain(
    name="printers",
    steps=(
        EscalationStep(skill="printers", level=2),
        EscalationStep(team="network"),
        EscalationStep(agent="mara"),
        EscalationStep(consultant="petra"),
    ),
)
PETRA = Consultant(name="petra", title="Petra Klein", address="petra@maker.test")
EXPERT = Agent(name="eva", title="Eva", address="eva@desk.test", skills=("printers",), levels={"printers": 3})
SKILLED = replace(CLARA, skills=("printers",), levels={"printers": 2})


def desk(*chains: EscalationChain, agents: tuple[Agent, ...] = (BOGDAN, SKILLED, MARA, EXPERT)) -> Organisation:
    return an_organisation(
        agents={agent.name: agent for agent in agents},
        chains={chain.name: chain for chain in chains or (PRINTERS,)},
        consultants={"petra": PETRA},
    )


def escalated(ticket: Ticket, to: str = "", organisation: Organisation | None = None, **different: Any) -> Decision:
    about = command_context(actor=AS_BOGDAN, now=NOW, organisation=organisation or desk(), **different)
    return decide(ticket, Escalate(to=to), about)


def happened(decision: Decision) -> list[TicketEvent]:
    return [event.what for event in decision.events]


def test_the_first_step_finds_somebody_with_the_skill() -> None:
    decision = escalated(a_ticket())

    assert happened(decision) == [
        Escalated(chain="printers", before=0, after=1, to="clara", kind="agent"),
        AssigneeChanged(before="", after="clara"),
    ]
    assert decision.ticket is not None
    assert (decision.ticket.chain, decision.ticket.level, decision.ticket.assignee) == ("printers", 1, "clara")


def test_each_further_one_goes_a_level_up_until_the_end() -> None:
    ticket: Ticket | None = a_ticket()
    places = []
    for _ in PRINTERS.steps:
        assert ticket is not None
        ticket = escalated(ticket).ticket
        assert ticket is not None
        places.append((ticket.level, ticket.team, ticket.assignee))

    assert places == [(1, "support", "clara"), (2, "network", "clara"), (3, "network", "mara"), (4, "network", "mara")]
    assert ticket is not None
    assert escalated(ticket).refused == "end-of-chain"


def test_a_step_that_leads_where_the_ticket_is_already_is_passed() -> None:
    decision = escalated(a_ticket(team="network", chain="printers", level=1))

    assert happened(decision)[0] == Escalated(chain="printers", before=1, after=3, to="mara", kind="agent")


def test_a_consultant_changes_neither_team_nor_agent() -> None:
    decision = escalated(a_ticket(assignee="bogdan"), "petra")

    assert happened(decision) == [Escalated(chain="printers", before=0, after=4, to="petra", kind="consultant")]


@pytest.mark.parametrize("to", ["Petra", "petra@maker.test", "PETRA@maker.test"])
def test_a_consultant_is_named_in_any_way(to: str) -> None:
    (what,) = happened(escalated(a_ticket(), to))

    assert isinstance(what, Escalated)
    assert what.to == "petra"


def test_a_place_on_the_chain_takes_its_level_one_beside_it_the_next() -> None:
    beside = escalated(a_ticket(level=1, chain="printers"), "eva")

    assert happened(escalated(a_ticket(), "network"))[0] == Escalated(chain="printers", before=0, after=2, to="network", kind="team")
    assert happened(beside)[0] == Escalated(chain="printers", before=1, after=2, to="eva", kind="agent")


def test_a_team_takes_it_from_an_agent_who_is_not_in_it() -> None:
    decision = escalated(a_ticket(assignee="bogdan"), "network")

    assert happened(decision)[1:] == [TeamChanged(before="support", after="network"), AssigneeChanged(before="bogdan", after="")]


@pytest.mark.parametrize(("to", "expected"), [("printers>=3", "eva"), ("printers 3", "eva"), ("windows", "")])
def test_a_skill_with_a_level_is_a_place(to: str, expected: str) -> None:
    organisation = desk(EscalationChain(name="other", steps=(EscalationStep(team="network"),)))

    found = escalated(a_ticket(), to, organisation)

    assert (found.ticket.assignee if found.ticket else None) == expected
    assert found.refused == ("" if expected else "unknown-escalation")


@pytest.mark.parametrize("level", ["9", "99"])
def test_where_nobody_has_the_skill_at_that_level_it_says_so(level: str) -> None:
    organisation = desk(EscalationChain(name="other", steps=(EscalationStep(team="network"),)))

    assert escalated(a_ticket(), f"printers>={level}", organisation).refused == "nobody-there"
    assert escalated(a_ticket(), "printers>=high", organisation).refused == "unknown-escalation"


def test_who_is_away_or_has_it_is_not_asked() -> None:
    away = replace(SKILLED, absences=(Absence(first=date(2026, 11, 20), last=date(2026, 11, 30)),))
    organisation = desk(agents=(BOGDAN, away, MARA, EXPERT))

    first = escalated(a_ticket(), organisation=organisation)
    second = escalated(a_ticket(assignee="clara"))

    assert [what for what in happened(first) if isinstance(what, AssigneeChanged)] == [AssigneeChanged(before="", after="eva")]
    assert [what for what in happened(second) if isinstance(what, AssigneeChanged)] == [AssigneeChanged(before="clara", after="eva")]


def test_of_two_who_fit_the_one_of_the_team_then_the_one_with_less_to_do() -> None:
    same = replace(EXPERT, levels={"printers": 2})
    organisation = desk(agents=(BOGDAN, SKILLED, MARA, same))
    both = replace(organisation, teams={"support": replace(organisation.teams["support"], members=("bogdan", "clara", "eva"))})

    def chosen(organisation: Organisation, **load: int) -> str:
        found = escalated(a_ticket(), organisation=organisation, load=load).ticket
        return found.assignee if found else ""

    assert chosen(organisation, clara=9) == "clara"
    assert chosen(both, clara=9) == "eva"
    assert chosen(both, eva=9) == "clara"


def test_which_chain_a_ticket_is_on() -> None:
    other = EscalationChain(name="incident", steps=(EscalationStep(agent="mara"),))
    over = EscalationChain(name="front", steps=(EscalationStep(team="support"), EscalationStep(agent="eva")))

    def chain(ticket: Ticket, *chains: EscalationChain) -> str:
        found = escalated(ticket, organisation=desk(*chains)).ticket
        return found.chain if found else ""

    assert chain(a_ticket(type="incident"), PRINTERS, other, over) == "incident"
    assert chain(a_ticket(), PRINTERS, other, over) == "front"
    assert chain(a_ticket(chain="printers", type="incident"), PRINTERS, other) == "printers"
    assert chain(a_ticket(), other) == "incident"
    unclear = escalated(a_ticket(), organisation=desk(PRINTERS, other))
    assert (unclear.refused, unclear.detail) == ("no-chain", "printers, incident")


def test_a_chain_is_begun_by_its_name() -> None:
    other = EscalationChain(name="network", steps=(EscalationStep(agent="mara"),))

    decision = escalated(a_ticket(chain="printers", level=3), "network", desk(PRINTERS, other))

    assert happened(decision)[0] == Escalated(chain="network", before=3, after=1, to="mara", kind="agent")


def test_a_closed_ticket_and_an_unknown_place_are_refused() -> None:
    assert escalated(a_ticket(status="closed", closed_at=NOW)).refused == "is-closed"
    wrong = escalated(a_ticket(), "netwrok")
    assert (wrong.refused, wrong.nearest) == ("unknown-escalation", "network")
