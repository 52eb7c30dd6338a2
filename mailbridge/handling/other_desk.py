"""What the people of another help desk sent, which a desk in shadow mode reads beside that one."""

from __future__ import annotations

from dataclasses import replace

from mailbridge.execution.desk import Desk
from mailbridge.handling.acting import execute_for, telling_of
from mailbridge.handling.imported import answered_ticket
from mailbridge.handling.keep import keep
from mailbridge.handling.opening import claimed
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.handling.storing import store_mail
from mailbridge.store.mails import Direction
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.mails import CustomerMessage
from mailbridge.tickets.requests import each


def is_of_other_desk(desk: Desk, mail: PlacedMail) -> bool:
    """Whether the mail was sent by the other desk: it is from a folder for sent mail, or from an address of the desk."""
    if not desk.config.desk.shadow:
        return False
    envelope = mail.arrival.envelope
    return desk.config.is_for_sent_mail(envelope.account, envelope.folder) or desk.is_own(claimed(mail.message))


def file_other_desks_answer(tx: Tx, desk: Desk, mail: PlacedMail) -> MailResult:
    """The answer is on the ticket of the mail that it answers, as sent, else it is kept on no ticket.  Its command lines are not executed,
    and nobody is notified.
    """
    ticket = answered_ticket(mail)
    if ticket is None:
        return keep(tx, mail, MailOutcome.KEPT, "sent by the other help desk, about no mail that was read")
    sender = claimed(mail.message)
    agent = desk.organisation.agent_of(sender)
    mail_id = store_mail(tx, mail, ticket=ticket.id, direction=Direction.OUT)
    actor = Actor(kind=ActorKind.AGENT, name=agent.name) if agent else Actor(kind=ActorKind.SYSTEM, name="shadow")
    message = CustomerMessage(author=agent.name if agent else sender, sent=True)
    telling = replace(telling_of(tx, desk, mail, mail_id), silent=True)
    execute_for(tx, desk, mail, mail_id, ticket, each([message]), actor=actor, telling=telling)
    return MailResult(outcome=MailOutcome.APPEND, ticket=ticket.id, mail=mail_id, reason="an answer of the other help desk")
