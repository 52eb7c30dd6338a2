"""Who is told what: never of their own doing, never a note to a customer, never a robot."""

from __future__ import annotations

from dataclasses import replace

from mailbridge.conversation.tokens import Purpose
from mailbridge.notifications.compose import admin_notifications, notifications
from mailbridge.notifications.context import NotificationContext
from mailbridge.notifications.model import Audience, Class, Notification
from mailbridge.notifications.payloads.admins import RulesBroken
from mailbridge.organisation.model import Organisation
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.escalation import RaiseAlert
from mailbridge.tickets.command_types.mails import AgentReply, CustomerMessage, InternalNote, Open, ReportFailure
from mailbridge.tickets.command_types.values import Assign, Close, SetStatus, SetTeam
from mailbridge.tickets.commands import Command
from mailbridge.tickets.decide import decide
from mailbridge.tickets.model import Participant, Role, Ticket
from mailbridge.tickets.opening import open_ticket
from tests.builders import AS_BOGDAN, AS_CAROL, CAROL, LATER, NOW, a_signer, a_ticket, an_organisation, command_context, with_team

CLOCK = Actor(kind=ActorKind.CLOCK, name="response")


def an_occasion(ticket: Ticket, organisation: Organisation, *, answerable: bool = True) -> NotificationContext:
    return NotificationContext(
        ticket=ticket,
        organisation=organisation,
        signer=a_signer(),
        desk_name="Acme Support",
        language="en",
        mail=7,
        answerable=answerable,
        thread=("first@customer.test", "last@customer.test"),
        own_addresses=frozenset({"support@desk.test"}),
    )


def told(ticket: Ticket, command: Command, actor: Actor, organisation: Organisation | None = None) -> tuple[Notification, ...]:
    organisation = organisation or an_organisation()
    decision = decide(ticket, command, command_context(actor=actor, now=LATER, organisation=organisation, mail=7))
    assert decision.ticket is not None
    return notifications(decision.events, an_occasion(decision.ticket, organisation))


def opened(organisation: Organisation | None = None, *, answerable: bool = True) -> tuple[Notification, ...]:
    organisation = organisation or an_organisation()
    others = (Participant(address="dave@customer.test", role=Role.MENTIONED),)
    about = command_context(actor=AS_CAROL, now=NOW, organisation=organisation, mail=7)
    decision = open_ticket(1, Open(subject="x", requester=CAROL, others=others), about)
    assert decision.ticket is not None
    return notifications(decision.events, an_occasion(decision.ticket, organisation, answerable=answerable))


def names(promises: tuple[Notification, ...]) -> set[tuple[str, str]]:
    return {(f"{p.audience}.{p.event}", p.recipient) for p in promises}


def test_new_ticket_tells_the_requester_and_each_member_but_nobody_who_was_merely_copied() -> None:
    assert names(opened()) == {
        ("customer.received", "carol@customer.test"),
        ("agent.new", "bogdan@desk.test"),
        ("agent.new", "clara@desk.test"),
    }


def test_team_with_a_group_address_is_told_as_a_group() -> None:
    organisation = with_team(an_organisation(), "support", address="all@desk.test")
    assert names(opened(organisation)) == {("customer.received", "carol@customer.test"), ("agent.new", "all@desk.test")}


def test_robot_is_not_acknowledged_and_a_step_that_is_off_is_not_told() -> None:
    quiet = with_team(an_organisation(), "support", tells=frozenset())
    for promises in (opened(answerable=False), opened(quiet)):
        assert {p.audience for p in promises} == {Audience.AGENT}


def test_answer_goes_to_the_customer_in_the_agents_name_and_is_no_automatic_mail() -> None:
    (promise,) = (p for p in told(a_ticket(), AgentReply(), AS_BOGDAN) if p.audience is Audience.CUSTOMER)
    assert (promise.event, promise.automatic, promise.from_name) == ("answered", False, "Bogdan Ionescu via Acme Support")
    assert (promise.in_reply_to, promise.references) == ("last@customer.test", ("first@customer.test", "last@customer.test"))


def test_note_reaches_no_customer() -> None:
    promises = told(a_ticket(assignee="clara"), InternalNote(), AS_BOGDAN)
    assert names(promises) == {("agent.colleague_answered", "clara@desk.test")}


def test_answer_that_closes_is_one_mail_to_the_customer() -> None:
    about = command_context(actor=AS_BOGDAN, now=LATER, organisation=an_organisation(), mail=7)
    first = decide(a_ticket(), AgentReply(), about)
    assert first.ticket is not None
    second = decide(first.ticket, Close(), about)
    assert second.ticket is not None
    promises = notifications((*first.events, *second.events), an_occasion(second.ticket, an_organisation()))
    to_customer = [p for p in promises if p.audience is Audience.CUSTOMER]
    assert [(p.event, dict(p.values)["closes"]) for p in to_customer] == [("answered", "yes")]


def test_customers_mail_tells_the_one_who_has_the_ticket_else_the_team() -> None:
    assert names(told(a_ticket(assignee="clara"), CustomerMessage(author=CAROL.address), AS_CAROL)) == {
        ("agent.customer_replied", "clara@desk.test")
    }
    assert len(told(a_ticket(), CustomerMessage(author=CAROL.address), AS_CAROL)) == 2


def test_vacation_reply_tells_nobody() -> None:
    assert told(a_ticket(), CustomerMessage(author=CAROL.address, automatic=True), AS_CAROL) == ()


def test_nobody_is_told_of_their_own_doing() -> None:
    assert names(told(a_ticket(), Assign(agent="bogdan"), AS_BOGDAN)) == set()
    assert names(told(a_ticket(), Assign(agent="clara"), AS_BOGDAN)) == {("agent.assigned", "clara@desk.test")}
    closed = a_ticket(status="closed", closed_at=NOW)
    assert Audience.CUSTOMER not in {p.audience for p in told(closed, CustomerMessage(author=CAROL.address), AS_CAROL)}


def test_closing_and_waiting_tell_the_customer_where_the_team_wants_it() -> None:
    assert ("customer.closed", "carol@customer.test") in names(told(a_ticket(), Close(), AS_BOGDAN))
    assert names(told(a_ticket(), SetStatus(status="waiting"), AS_BOGDAN)) == set()
    waiting = with_team(an_organisation(), "support", tells=frozenset({"waiting"}))
    assert ("customer.waiting", "carol@customer.test") in names(told(a_ticket(), SetStatus(status="waiting"), AS_BOGDAN, waiting))


def test_new_team_is_told_without_the_one_who_moved_it() -> None:
    assert names(told(a_ticket(), SetTeam(team="network"), AS_BOGDAN)) == {("agent.new", "clara@desk.test")}


def test_overdue_goes_to_managers_and_a_warning_to_the_responsible() -> None:
    overdue = RaiseAlert(promise="response", alert="overdue", due_at=NOW)
    assert names(told(a_ticket(), overdue, CLOCK)) == {("manager.overdue", "mara@desk.test")}
    warning = replace(overdue, alert="warning")
    assert names(told(a_ticket(assignee="clara"), warning, CLOCK)) == {("agent.warning", "clara@desk.test")}
    assert {p.class_ for p in told(a_ticket(), overdue, CLOCK)} == {Class.REMINDER}


def test_alert_of_a_team_without_managers_reaches_somebody() -> None:
    nobody = replace(an_organisation(), agents={k: v for k, v in an_organisation().agents.items() if k != "mara"})
    promises = told(a_ticket(), RaiseAlert(promise="claim", alert="unclaimed", due_at=NOW), CLOCK, nobody)
    assert {p.recipient for p in promises} == {"bogdan@desk.test", "clara@desk.test"}


def test_failed_delivery_is_told_to_agents_never_to_the_address_that_failed() -> None:
    failure = ReportFailure(recipient="bogdan@desk.test", what="new", reason="550 no such user")
    promises = told(a_ticket(), failure, Actor(kind=ActorKind.SYSTEM))
    assert names(promises) == {("agent.bounced", "clara@desk.test")}


def test_desk_never_writes_to_itself_by_itself() -> None:
    """What an agent answers goes to the colleague behind one of our addresses; nothing automatic does."""
    ticket = a_ticket(participants=(Participant(address="support@desk.test"),))
    told_of_closing = with_team(an_organisation(), "support", tells=frozenset({"closed"}))
    assert names(told(ticket, Close(), AS_BOGDAN, told_of_closing)) == set()
    assert names(told(ticket, AgentReply(), AS_BOGDAN)) == {("customer.answered", "support@desk.test")}


def test_every_promise_is_signed_for_its_recipient_and_has_a_key_of_its_own() -> None:
    promises = opened()
    assert len({p.key for p in promises}) == len({p.message_id for p in promises}) == len(promises)
    for promise in promises:
        token = a_signer().in_address(promise.reply_to)
        assert token is not None
        assert a_signer().holder(token, [promise.recipient]) == promise.recipient
        assert token.purpose is (Purpose.CUSTOMER if promise.audience is Audience.CUSTOMER else Purpose.AGENT)


def test_admin_letter_is_keyed_by_its_occasion() -> None:
    letters = [
        admin_notifications(["admin@desk.test"], "rules_broken", key, RulesBroken(problems="x", version=""), "support@desk.test", "en")
        for key in ("a", "a", "b")
    ]
    assert len({letter[0].key for letter in letters}) == 2
    assert letters[0][0].message_id.endswith("@desk.test")
