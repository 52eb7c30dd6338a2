"""Who hears of what waits for a yes, and of how it came out."""

from __future__ import annotations

from dataclasses import replace

from mailbridge.notifications.compose import notifications
from mailbridge.notifications.context import NotificationContext
from mailbridge.notifications.model import Class, Notification
from mailbridge.organisation.approval_policy import ApprovalPolicy, ApprovalRule, ApprovalTrigger
from mailbridge.organisation.model import Organisation
from mailbridge.organisation.priority import Priority
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.apply import apply
from mailbridge.tickets.command_context import CommandContext
from mailbridge.tickets.command_types.escalation import Approve, ExpireApproval, Reject, RemindApproval
from mailbridge.tickets.command_types.values import SetPriority, SetTeam
from mailbridge.tickets.commands import Command
from mailbridge.tickets.decide import decide_requests
from mailbridge.tickets.event_types.escalation import ApprovalRequested
from mailbridge.tickets.events import Event
from mailbridge.tickets.model import Approval, ApprovalKind, Ticket
from mailbridge.tickets.requests import each
from tests.builders import AS_BOGDAN, LATER, NOW, a_signer, a_ticket, an_organisation, command_context, decided

AS_MARA = Actor(kind=ActorKind.AGENT, name="mara")
BY_CLOCK = Actor(kind=ActorKind.CLOCK, name="approval:1")
DESK = an_organisation(
    approval_policy=ApprovalPolicy(
        approvals=(
            ApprovalRule(what=ApprovalTrigger.PRIORITY, by=("manager", "clara")),
            ApprovalRule(what=ApprovalTrigger.TEAM),
        )
    )
)


def about(actor: Actor, line: str = "", organisation: Organisation = DESK) -> CommandContext:
    return command_context(actor=actor, now=NOW, organisation=organisation, words=line)


def context(ticket: Ticket, organisation: Organisation = DESK) -> NotificationContext:
    return NotificationContext(ticket=ticket, organisation=organisation, signer=a_signer(), desk_name="Desk", language="en")


def asked() -> Ticket:
    ticket = decided(a_ticket(), SetPriority(priority=Priority.URGENT), about(AS_BOGDAN, "#priority urgent")).ticket
    assert ticket is not None
    return ticket


def told(ticket: Ticket, command: Command, actor: Actor, line: str = "") -> tuple[Notification, ...]:
    decision = decided(ticket, command, about(actor, line))
    assert decision.ticket is not None
    return notifications(decision.events, context(decision.ticket))


def who(promises: tuple[Notification, ...]) -> list[tuple[str, str]]:
    return [(f"{promise.audience}.{promise.event}", promise.recipient) for promise in promises]


def test_all_who_may_say_yes_are_asked() -> None:
    promises = told(a_ticket(), SetPriority(priority=Priority.URGENT), AS_BOGDAN, "#priority urgent")

    assert who(promises) == [("manager.approval", "mara@desk.test"), ("manager.approval", "clara@desk.test")]
    values = dict(promises[0].values)
    assert (values["approval"], values["line"], values["asker"], values["why"]) == ("1", "#priority urgent", "Bogdan Ionescu", "priority")
    assert promises[0].reply_to


def test_two_questions_of_one_mail_are_two_mails() -> None:
    wishes = each([SetPriority(priority=Priority.URGENT), SetTeam(team="network")])
    decision, _ = decide_requests(a_ticket(), wishes, about(AS_BOGDAN))
    assert decision.ticket is not None

    promises = notifications(decision.events, context(decision.ticket))

    to_mara = [promise for promise in promises if promise.recipient == "mara@desk.test"]
    assert [dict(promise.values)["approval"] for promise in to_mara] == ["1", "2"]
    assert len({promise.key for promise in promises}) == len(promises)


def test_a_risky_command_asks_its_own_agent() -> None:
    approval = Approval(
        id=1, kind=ApprovalKind.CONFIRMATION, line="#erase", asker="bogdan", approvers=("bogdan",), asked_at=NOW, expires_at=LATER
    )
    event = Event(ticket=1, at=NOW, actor=AS_BOGDAN, what=ApprovalRequested(approval=approval, why="erase"))

    promises = notifications([event], context(apply(a_ticket(), event)))

    assert who(promises) == [("agent.confirm", "bogdan@desk.test")]


def test_the_asker_and_the_others_who_were_asked_hear_of_a_yes() -> None:
    promises = told(asked(), Approve(reason="fine"), AS_MARA)

    assert who(promises) == [("agent.approval_decided", "bogdan@desk.test"), ("agent.approval_decided", "clara@desk.test")]
    values = dict(promises[0].values)
    assert (values["granted"], values["author"], values["reason"]) == ("yes", "Mara Lind", "fine")


def test_and_of_a_no() -> None:
    promises = told(asked(), Reject(reason="too dear"), AS_MARA)

    assert [promise.recipient for promise in promises] == ["bogdan@desk.test", "clara@desk.test"]
    assert dict(promises[0].values)["granted"] == ""


def test_a_reminder_goes_to_the_deputies_too_and_is_not_repeated_when_in_doubt() -> None:
    ticket = asked()
    ticket = replace(ticket, approvals=(replace(ticket.approvals[0], approvers=("mara",), deputies=("clara",)),))

    promises = told(ticket, RemindApproval(approval=1), BY_CLOCK)

    assert who(promises) == [("manager.approval_reminded", "mara@desk.test"), ("manager.approval_reminded", "clara@desk.test")]
    assert {promise.class_ for promise in promises} == {Class.REMINDER}


def test_silence_is_told_to_everybody() -> None:
    promises = told(asked(), ExpireApproval(approval=1), BY_CLOCK)

    assert who(promises) == [
        ("agent.approval_expired", "bogdan@desk.test"),
        ("agent.approval_expired", "mara@desk.test"),
        ("agent.approval_expired", "clara@desk.test"),
    ]
