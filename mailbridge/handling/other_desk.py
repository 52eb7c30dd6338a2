"""What the people of another help desk sent, which a desk in shadow mode reads beside that one."""

from __future__ import annotations

from datetime import datetime

from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import Telling, execute
from mailbridge.execution.load_context import Cause
from mailbridge.handling.acting import cause_of
from mailbridge.handling.imported import answered_ticket
from mailbridge.handling.keep import keep
from mailbridge.handling.opening import claimed
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import JudgedMail, PlacedMail
from mailbridge.handling.storing import store_mail
from mailbridge.store.mails import Direction
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.mails import CustomerMessage
from mailbridge.tickets.model import Ticket
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
        return keep(tx, mail, MailOutcome.KEPT, "sent by the other help desk, about no mail that was read", Direction.OUT)
    mail_id = store_mail(tx, mail, ticket=ticket.id, direction=Direction.OUT)
    _answered(tx, desk, ticket, claimed(mail.message), cause_of(mail, mail_id), mail.now)
    return MailResult(outcome=MailOutcome.APPEND, ticket=ticket.id, mail=mail_id, reason="an answer of the other help desk")


def with_earlier_answers(tx: Tx, desk: Desk, mail: JudgedMail, result: MailResult) -> MailResult:
    """The result, after answers of the other desk that were read before this mail went on its ticket: folders are read side by side."""
    if not desk.config.desk.shadow or result.ticket is None:
        return result
    for answer in tx.mails.sent_before(mail.mail.message.message_id):
        ticket = tx.tickets.surviving(result.ticket)
        if ticket is not None and answer.id is not None:
            tx.mails.set_ticket(answer.id, ticket.id)
            _answered(tx, desk, ticket, answer.sender, Cause(mail=answer.id, answers=answer.references), mail.mail.now)
    return result


def _answered(tx: Tx, desk: Desk, ticket: Ticket, sender: str, cause: Cause, now: datetime) -> None:
    """The ticket has this mail as an answer that was sent."""
    agent = desk.organisation.agent_of(sender)
    actor = Actor(kind=ActorKind.AGENT, name=agent.name) if agent else Actor(kind=ActorKind.SYSTEM, name="shadow")
    message = CustomerMessage(author=agent.name if agent else sender, sent=True)
    execute(tx, desk, ticket, each([message]), actor, now, cause=cause, telling=Telling(silent=True, mail=cause.mail))
