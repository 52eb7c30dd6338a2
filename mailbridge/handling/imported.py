"""What is special about mails of an archive that is moved in: they are old, so they tell nobody and move nothing."""

from __future__ import annotations

from datetime import datetime

from mailbridge.conversation.model import Reason
from mailbridge.execution.desk import Desk
from mailbridge.handling.acting import execute_for
from mailbridge.handling.arrival import Arrival
from mailbridge.handling.opening import claimed
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.handling.storing import store_mail
from mailbridge.message.envelope import Source
from mailbridge.store.mails import Direction
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.mails import CustomerMessage
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.requests import each

_BY_MAIL = frozenset({Reason.KNOWN_REFERENCE, Reason.LATE_ORIGINAL})


def moment(arrival: Arrival, now: datetime) -> datetime:
    """The moment at which the mail counts: an archive's mails when they came, so that tickets, reports and rules have their own dates."""
    came = arrival.envelope.received_at
    return min(came, now) if arrival.envelope.source is Source.IMPORT else now


def file_sent_reply(tx: Tx, desk: Desk, mail: PlacedMail) -> MailResult | None:
    """An old reply of the desk or of an agent is on the ticket of the mail that it answers, as sent; None where it is no such reply.

    Whoever imports an archive vouches for it, so its From counts.  Its command lines are not executed.
    """
    sender = claimed(mail.message)
    agent = desk.organisation.agent_of(sender)
    if agent is None and not desk.is_own(sender):
        return None
    ticket = answered_ticket(mail)
    if ticket is None:
        return None
    mail_id = store_mail(tx, mail, ticket=ticket.id, direction=Direction.OUT)
    actor = Actor(kind=ActorKind.AGENT, name=agent.name) if agent else Actor(kind=ActorKind.SYSTEM, name="import")
    message = CustomerMessage(author=agent.name if agent else sender, sent=True)
    execute_for(tx, desk, mail, mail_id, ticket, each([message]), actor=actor)
    return MailResult(outcome=MailOutcome.APPEND, ticket=ticket.id, mail=mail_id, reason="an old answer of the desk")


def answered_ticket(mail: PlacedMail) -> Ticket | None:
    """The ticket of the mail that this one answers; None where that mail is not known."""
    return next((known.ticket for known in mail.evidence.known if known.reason in _BY_MAIL), None)
