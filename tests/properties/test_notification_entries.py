"""Whatever notifications.yaml says: nobody is told of their own doing, and what must be told is told at once by mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from mailbridge.config.nodes import Place
from mailbridge.notifications.compose import Composed, composed, notifications
from mailbridge.notifications.context import NotificationContext
from mailbridge.notifications.model import Audience
from mailbridge.notifications.payloads.tickets import LevelReached
from mailbridge.notifications.routing import waits
from mailbridge.rules.flow import CUSTOMER_EVENTS, FILE, STAFF_EVENTS, FlowEntry, Party, Timing
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.escalation import RaiseAlert
from mailbridge.tickets.command_types.mails import AgentReply, CustomerMessage, InternalNote, ReportFailure
from mailbridge.tickets.command_types.values import Assign, Close, SetStatus, SetTeam
from mailbridge.tickets.commands import Command
from mailbridge.tickets.decide import decide
from tests.builders import AS_BOGDAN, AS_CAROL, CAROL, LATER, NOW, a_ticket, an_organisation, command_context
from tests.unit.notifications.test_compose import an_occasion

CLOCK, SYSTEM = Actor(kind=ActorKind.CLOCK, name="response"), Actor(kind=ActorKind.SYSTEM)
DOINGS: tuple[tuple[Command, Actor], ...] = (
    (AgentReply(), AS_BOGDAN),
    (InternalNote(), AS_BOGDAN),
    (Assign(agent="bogdan"), AS_BOGDAN),
    (Assign(agent="clara"), AS_BOGDAN),
    (Close(), AS_BOGDAN),
    (SetStatus(status="waiting"), AS_BOGDAN),
    (SetTeam(team="network"), AS_BOGDAN),
    (CustomerMessage(author=CAROL.address), AS_CAROL),
    (RaiseAlert(promise="response", alert="overdue", due_at=NOW), CLOCK),
    (RaiseAlert(promise="response", alert="50%", due_at=NOW, target_at=NOW, tell=("team",)), CLOCK),
    (ReportFailure(recipient="carol@customer.test", what="answered", reason="550"), SYSTEM),
)
ENTRIES = st.builds(
    FlowEntry,
    name=st.sampled_from(["a", "b", "c"]),
    place=st.just(Place(file=FILE, line=1, column=1)),
    events=st.lists(st.sampled_from([*CUSTOMER_EVENTS, *STAFF_EVENTS]), min_size=1, max_size=8, unique=True).map(tuple),
    to=st.lists(st.sampled_from(list(Party)), min_size=1, max_size=4, unique=True).map(tuple),
    send=st.booleans(),
    channels=st.sampled_from([("mail",), ("room",), ("mail", "room")]),
    timing=st.sampled_from(list(Timing)),
    wait=st.just(timedelta(minutes=10)),
)


def told(command: Command, actor: Actor, assignee: str, entries: tuple[FlowEntry, ...]) -> tuple[Composed, NotificationContext]:
    organisation = an_organisation()
    about = command_context(actor=actor, now=LATER, organisation=organisation, mail=7)
    decision = decide(a_ticket(assignee=assignee), command, about)
    assert decision.ticket is not None
    context = replace(
        an_occasion(decision.ticket, organisation), entries=entries, responsible=("mara",), operators=("admin@desk.test",)
    )
    return composed(decision.events, context), context


@given(
    doing=st.sampled_from(DOINGS), assignee=st.sampled_from(["", "bogdan", "clara"]), entries=st.lists(ENTRIES, max_size=6).map(tuple)
)
def test_what_no_entry_can_do(doing: tuple[Command, Actor], assignee: str, entries: tuple[FlowEntry, ...]) -> None:
    command, actor = doing
    found, context = told(command, actor, assignee, entries)
    acting = context.organisation.agents.get(actor.name)
    staff = [one for one in found.told if one.audience is not Audience.CUSTOMER]
    # nobody is told of their own doing
    assert acting is None or acting.address not in {one.recipient for one in staff}
    # each mail has a key of its own, and nobody is both told and not told of one thing
    assert len({one.key for one in found.told}) == len(found.told)
    # whoever is told of a missed target or a bounce without the file is told with it, at once
    usual, _ = told(command, actor, assignee, ())
    for one in usual.told:
        late = isinstance(one.payload, LevelReached) and one.payload.late
        if one.event in ("overdue", "bounced") or late:
            (with_file,) = [each for each in found.told if (each.event, each.recipient) == (one.event, one.recipient)]
            assert waits(with_file, found.entries.get(with_file.key)) in (Timing.AT_ONCE, Timing.WHILE_OPEN)
    # a customer's answer and an agent's are never collected
    for one in found.told:
        if one.event in ("customer_replied", "answered"):
            assert waits(one, found.entries.get(one.key)) not in (Timing.QUIET, Timing.DIGEST)
    # customers are told of nothing that is for agents
    assert {one.event for one in found.told if one.audience is Audience.CUSTOMER} <= set(CUSTOMER_EVENTS)


@given(doing=st.sampled_from(DOINGS), assignee=st.sampled_from(["", "bogdan", "clara"]))
def test_without_entries_the_decision_says_who_is_told(doing: tuple[Command, Actor], assignee: str) -> None:
    command, actor = doing
    found, context = told(command, actor, assignee, ())
    about = command_context(actor=actor, now=LATER, organisation=context.organisation, mail=7)
    events = decide(a_ticket(assignee=assignee), command, about).events
    assert notifications(events, replace(context, responsible=(), operators=())) == found.told
    assert found.entries == {}
    assert found.calls == ()
