"""Every command by every kind of actor has the same rights, approvals and confirmations, whichever way it comes.

One desk is built once; each command is executed in a transaction that is rolled back.  The ways are: a line in a mail on the ticket, a line
that names the ticket in a mail on none, and a program that calls `execute` without words and without a mail (a button, the command line, a
clock).  What is compared is the outcome: refused and why, which yes is asked for, and what happened to which ticket.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from mailbridge.conversation.model import Placement, Reason
from mailbridge.conversation.place import Writer
from mailbridge.execution.execute import execute
from mailbridge.handling.agents.carry_out import carry_out
from mailbridge.handling.arrival import Arrival
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.mail_commands.model import CommandLine
from mailbridge.mail_commands.spelling import spelled
from mailbridge.message.envelope import Envelope, Source
from mailbridge.message.model import Message, ReadingPolicy
from mailbridge.message.parse import parse
from mailbridge.organisation.priority import Priority
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.escalation import Approve, Reject
from mailbridge.tickets.command_types.mails import AgentReply, InternalNote
from mailbridge.tickets.command_types.relations import Erase, Link, Merge, Split
from mailbridge.tickets.command_types.values import AddTags, SetPriority
from mailbridge.tickets.command_types.work import RecordWork
from mailbridge.tickets.commands import Command
from mailbridge.tickets.decision import Decision
from mailbridge.tickets.event_types.escalation import ApprovalRequested
from mailbridge.tickets.model import WorkKind
from mailbridge.tickets.permissions import NEEDED, Right
from mailbridge.tickets.requests import Request
from tests.builders import NOW
from tests.harness import TestDesk, a_desk, a_mail, proven
from tests.unit.tickets.test_stored_commands import ONE_OF_EACH

RULES = {
    "teams.yaml": """
teams:
  support: {title: Support, members: [bogdan], managers: [mara]}
  network: {title: Network, members: [clara], outsiders: may-note}
  people: {title: People, members: [petra], outsiders: nothing}
agents:
  bogdan: {title: Bogdan Ionescu, address: bogdan@desk.test}
  clara: {title: Clara Weiss, address: clara@desk.test}
  petra: {title: Petra Roth, address: petra@desk.test}
  olga: {title: Olga Serov, address: olga@desk.test, role: observer}
  gone: {title: Gone Long, address: gone@desk.test, active: false}
  mara: {title: Mara Lind, address: mara@desk.test, role: manager}
default: support
""",
    "approvals.yaml": """
approvals:
  - {what: priority, priority: urgent}
  - {what: tag, tag: vpn, by: [clara]}
  - {what: work-over, hours: 0.5}
""",
    "routing/10-teams.yaml": """
- {name: pay, when: {header: {subject: {contains: salary}}}, then: {team: people}}
- {name: vpn, when: {header: {subject: {contains: vpn}}}, then: {team: network}}
""",
}
# MB-1 has two messages of Carol's; MB-2 is Carol's, too; MB-3 is Dana's at the network team, MB-4 Dana's at the people team.
OURS, SAME_CUSTOMER, MAY_NOTE, UNSEEN = 1, 2, 3, 4
AGENTS = ("bogdan", "clara", "petra", "olga", "gone", "nobody", "mara")
ACTORS = (
    *(Actor(kind=ActorKind.AGENT, name=name) for name in AGENTS),
    Actor(kind=ActorKind.CUSTOMER, name="carol@customer.test"),
    Actor(kind=ActorKind.CONSULTANT, name="somebody"),
    *(Actor(kind=kind, name="x") for kind in (ActorKind.RULE, ActorKind.CLOCK, ActorKind.ADMIN, ActorKind.SYSTEM)),
)
COMMANDS: tuple[Command, ...] = (
    *(command for command in ONE_OF_EACH if not isinstance(command, Merge | Link | Split | AgentReply)),
    *(Merge(into=number) for number in (SAME_CUSTOMER, MAY_NOTE, UNSEEN)),
    *(Link(ticket=number) for number in (SAME_CUSTOMER, MAY_NOTE, UNSEEN)),
    Split(ticket=0, mail=0),
    Approve(),
    Reject(),
)
Outcome = tuple[str, tuple[str, ...], tuple[tuple[int, str], ...]]


class Back(Exception):
    """Ends a transaction that nothing may come of."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestDesk]:
    with a_desk(tmp_path_factory.mktemp("desk"), rules=RULES) as desk:
        for number, (who, subject) in enumerate([("carol", "Printer"), ("carol", "Screen"), ("dana", "vpn"), ("dana", "My salary")]):
            sender = "carol@customer.test" if who == "carol" else "dana@other.test"
            desk.feed(a_mail(from_=sender, subject=subject, message_id=f"<m{number}@x.test>"))
        to = desk.promise_to("carol@customer.test").reply_to
        again = a_mail("And it smells.", to=to, message_id="<again@x.test>")
        desk.feed(proven(again, "customer.test"), rcpt_to=(to,))
        yield desk


def outcome(decision: Decision) -> Outcome:
    changes = [(decision.ticket.id if decision.ticket else 0, decision.events), *((c.ticket.id, c.events) for c in decision.elsewhere)]
    events = [(number, event) for number, happened in changes for event in happened]
    asked = tuple(event.what.why for _, event in events if isinstance(event.what, ApprovalRequested))
    return decision.refused, asked, tuple(sorted((number, type(event.what).__name__) for number, event in events))


def rolled_back(desk: TestDesk, do: Callable[[Tx], Decision]) -> Outcome:
    found: list[Outcome] = []
    with suppress(Back), desk.app.store.write() as tx:
        found.append(outcome(do(tx)))
        raise Back
    return found[0]


def by_program(desk: TestDesk, number: int, command: Command, actor: Actor, *, words: str = "") -> Outcome:
    def do(tx: Tx) -> Decision:
        ticket = tx.tickets.get(number)
        assert ticket is not None
        request = Request(commands=(command,), words=words)
        return execute(tx, desk.app.desk(), ticket, [request], actor, NOW + timedelta(minutes=1)).each[0]

    return rolled_back(desk, do)


KNOWN: dict[tuple[int, str, Actor], Outcome] = {}


def known_outcome(desk: TestDesk, number: int, command: Command, actor: Actor) -> Outcome:
    """As by_program, executed once for all tests: the desk is one, and every transaction on it is rolled back."""
    key = (number, repr(command), actor)
    if key not in KNOWN:
        KNOWN[key] = by_program(desk, number, command, actor)
    return KNOWN[key]


def by_line(desk: TestDesk, number: int, command: Command, agent: str, *, names_the_ticket: bool) -> Outcome:
    line = CommandLine(text=spelled([command]), word="", commands=(command,), tickets=(number,) if names_the_ticket else ())

    def do(tx: Tx) -> Decision:
        ticket = None if names_the_ticket else tx.tickets.get(number)
        stored = StoredMail(
            direction=Direction.IN, received_at=NOW, ticket=ticket.id if ticket else None, sender=f"{agent}@desk.test", internal=True
        )
        mail = tx.mails.add(stored)
        assert mail is not None
        _, _, ((_, decision),) = carry_out(tx, desk.app.desk(), a_placed_mail(agent), mail, ticket, [line])
        assert decision is not None
        return decision

    return rolled_back(desk, do)


@cache
def mail_of(agent: str) -> Message:
    """A mail of this agent's; what stands in it does not matter, the lines are given."""
    return replace(parse(a_mail(from_=f"{agent}@desk.test", message_id="<line@desk.test>"), ReadingPolicy()), fingerprint="line")


def a_placed_mail(agent: str) -> PlacedMail:
    envelope = Envelope(source=Source.SMTP, received_at=NOW)
    return PlacedMail(
        message=mail_of(agent),
        arrival=Arrival(id=1, envelope=envelope, sha256="", size=1),
        writer=Writer(address=f"{agent}@desk.test", agent=agent, verified=True),
        placement=Placement(ticket=None, reason=Reason.NEW),
        now=NOW + timedelta(minutes=1),
    )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: spelled([command]).replace("/", "|"))
def test_a_command_comes_out_the_same_whichever_way_it_comes(desk: TestDesk, command: Command) -> None:
    for number in (OURS, MAY_NOTE, UNSEEN):
        for actor in ACTORS:
            expected = known_outcome(desk, number, command, actor)
            assert by_program(desk, number, command, actor, words="#whatever") == expected, (actor, number)
            if actor.kind is ActorKind.AGENT and not isinstance(command, InternalNote):
                assert by_line(desk, number, command, actor.name, names_the_ticket=False) == expected, (actor, number)
                assert by_line(desk, number, command, actor.name, names_the_ticket=True) == expected, (actor, number)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: spelled([command]).replace("/", "|"))
def test_nobody_touches_a_ticket_without_the_right(desk: TestDesk, command: Command) -> None:
    """Looked at from outside: whose events appear on which ticket."""
    needed = NEEDED.get(type(command), Right.WORK)
    for number in (OURS, MAY_NOTE, UNSEEN):
        for actor in ACTORS:
            refused, asked, happened = known_outcome(desk, number, command, actor)
            touched = {ticket for ticket, _ in happened if ticket <= UNSEEN}
            if actor.kind in (ActorKind.CUSTOMER, ActorKind.CONSULTANT) and not (
                isinstance(command, InternalNote) and actor.kind is ActorKind.CONSULTANT
            ):
                assert (refused, happened) == ("agents-only", ())
            if actor.kind is not ActorKind.AGENT:
                assert asked == ()
                continue
            if actor.name in ("gone", "nobody"):
                assert refused in ("inactive", "no-agent")
            closed = {"bogdan": {MAY_NOTE, UNSEEN}, "clara": {UNSEEN}, "petra": {MAY_NOTE}, "olga": {OURS, MAY_NOTE, UNSEEN}}
            if needed is Right.WORK:
                assert not touched & closed.get(actor.name, set()), (actor, number, happened)
            if needed is Right.NOTE:
                assert actor.name not in ("bogdan", "clara") or UNSEEN not in touched


def test_what_needs_a_yes_needs_it_without_words_too(desk: TestDesk) -> None:
    bogdan, mara = ACTORS[0], Actor(kind=ActorKind.AGENT, name="mara")
    wishes: list[tuple[Actor, Command, str]] = [
        (bogdan, SetPriority(priority=Priority.URGENT), "priority"),
        (bogdan, AddTags(tags=("vpn",)), "tag"),
        (mara, AddTags(tags=("vpn",)), "tag"),
        (bogdan, RecordWork(kind=WorkKind.WORKED, minutes=45, day=NOW.date()), "work-over"),
        (mara, Erase(), "erase"),
        (mara, Merge(into=MAY_NOTE), "merge-customers"),
    ]
    for actor, command, why in wishes:
        assert by_program(desk, OURS, command, actor)[1] == (why,), command
    assert by_program(desk, OURS, SetPriority(priority=Priority.URGENT), mara)[1] == ()


ROOT = Path(__file__).resolve().parents[2] / "mailbridge"


@cache
def calls() -> tuple[tuple[str, str], ...]:
    """Every call in the program: its module, and the name that is called."""
    found: list[tuple[str, str]] = []
    for path in ROOT.rglob("*.py"):
        nodes = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
        found += [(path.relative_to(ROOT).with_suffix("").as_posix(), getattr(node.func, "id", "")) for node in nodes]
    return tuple(found)


def callers(name: str) -> set[str]:
    return {module for module, called in calls() if called == name}


@pytest.mark.parametrize(
    ("name", "only"),
    [
        ("CommandContext", {"execution/load_context"}),
        ("decide", {"tickets/decide", "cli/queue_screen"}),  # the screen's is a parameter: what it does with one item
        ("decide_requests", {"tickets/decide", "execution/execute"}),
        ("hold", {"execution/many", "worker"}),  # the worker's is about mails that wait for the DNS
        ("composed", {"execution/execute", "notifications/compose"}),
        ("record", {"execution/execute"}),
        ("load_context", {"execution/execute", "execution/many"}),
    ],
)
def test_there_is_one_door(name: str, only: set[str]) -> None:
    assert callers(name) == only
