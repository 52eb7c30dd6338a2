"""Values for tests, each with defaults that make sense; a test names the one difference that matters to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mailbridge.conversation.tokens import Signer
from mailbridge.customers.model import Customers
from mailbridge.execution.held_commands import waiting_for
from mailbridge.mail_commands.spelling import spelled
from mailbridge.organisation.approval_policy import ApprovalTrigger
from mailbridge.organisation.model import Agent, Organisation, Team
from mailbridge.organisation.priority import Priority
from mailbridge.sla.clock import Targets
from mailbridge.sla.history import Answer, ClockHistory, Mode, ModeChange, TeamChange
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_context import CommandContext, HeldRequest
from mailbridge.tickets.commands import Command
from mailbridge.tickets.decide import decide_requests
from mailbridge.tickets.decision import Decision
from mailbridge.tickets.handlers.risks import MANY, OWN_YES
from mailbridge.tickets.model import Participant, Ticket
from mailbridge.tickets.requests import Request

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
LATER = NOW + timedelta(hours=1)

CAROL = Participant(address="carol@customer.test", name="Carol Jones")
BOGDAN = Agent(name="bogdan", title="Bogdan Ionescu", address="bogdan@desk.test")
CLARA = Agent(name="clara", title="Clara Weiss", address="clara@desk.test")
MARA = Agent(name="mara", title="Mara Lind", address="mara@desk.test", manager=True)

AS_BOGDAN = Actor(kind=ActorKind.AGENT, name="bogdan")
AS_CAROL = Actor(kind=ActorKind.CUSTOMER, name="carol@customer.test")


def an_organisation(**different: Any) -> Organisation:
    support = Team(name="support", title="Support", members=("bogdan", "clara"), managers=("mara",))
    network = Team(name="network", title="Network", members=("clara",))
    targets = Targets(response=timedelta(hours=4), resolution=timedelta(hours=16))
    usual = Organisation(
        teams={"support": support, "network": network},
        agents={agent.name: agent for agent in (BOGDAN, CLARA, MARA)},
        targets=dict.fromkeys(Priority, targets),
        default_team="support",
        freemail=frozenset({"freemail.test"}),
    )
    return replace(usual, **different)


def with_team(organisation: Organisation, name: str, **different: Any) -> Organisation:
    return replace(organisation, teams={**organisation.teams, name: replace(organisation.teams[name], **different)})


def a_ticket(**different: Any) -> Ticket:
    usual = Ticket(
        id=1,
        subject="Printer broken",
        status="open",
        priority=Priority.NORMAL,
        team="support",
        created_at=NOW,
        updated_at=NOW,
        version=3,
        participants=(CAROL,),
    )
    return replace(usual, **different)


def the_past(ticket: Ticket) -> ClockHistory:
    """What the clocks of the ticket know, as far as the ticket itself tells."""
    modes = [ModeChange(at=start, mode=Mode.WAITS, status="waiting") for start, _ in ticket.waits]
    modes += [ModeChange(at=end, mode=Mode.RUNS, status="open") for _, end in ticket.waits if end is not None]
    return ClockHistory(
        opened_at=ticket.created_at,
        heard_at=ticket.created_at,
        asked=(ticket.created_at,),
        answers=(Answer(at=ticket.first_answered_at),) if ticket.first_answered_at else (),
        modes=tuple(sorted(modes, key=lambda change: change.at)),
        teams=(TeamChange(at=ticket.created_at, team=ticket.team),),
    )


# Every matter and risk somebody may be asked about: the yes to all of them is there.
ALL_AGREED = frozenset({*ApprovalTrigger, *OWN_YES, MANY})


def command_context(**different: Any) -> CommandContext:
    """The context of a command by Bogdan, who is an agent, because of no mail; what is no subject of the test is empty."""
    usual = CommandContext(
        actor=AS_BOGDAN,
        now=NOW,
        organisation=an_organisation(),
        customers=Customers(),
        rules_version="",
        own_addresses=frozenset(),
        mail=None,
        seen_at=None,
        undo_within=timedelta(minutes=10),
        send_after=timedelta(0),
        tickets={},
        read=frozenset({1}),
        mails={},
        histories={},
        estimates={},
        agenda=(),
        load={},
        hours_left={},
        held={},
        request=(),
        asked_to_rate=frozenset(),
        words="",
        spelled=spelled,
        agreed=frozenset(),
    )
    return replace(usual, **different)


def decided(ticket: Ticket, command: Command, about: CommandContext) -> Decision:
    """What comes of the command as a request of its own; of a yes, with what waits on the ticket at hand."""
    waiting = {one.id: waiting_for(ticket.id, one, about.organisation) for one in ticket.approvals}
    held = {
        number: HeldRequest(
            commands=one.commands, on=tuple((to, one.commands) for to in one.tickets), agreed=one.agreed, unreadable=one.unreadable
        )
        for number, one in waiting.items()
    }
    _, (decision,) = decide_requests(ticket, [Request(commands=(command,), words=about.words)], replace(about, held=held))
    return decision


def a_signer(*keys: bytes) -> Signer:
    return Signer(keys=keys or (b"k" * 32,), prefix="MB", address="support@desk.test", at=NOW)
