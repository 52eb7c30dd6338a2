"""A consultant's reply to the desk's question: an internal note for the agents, whatever it says.

No line of it is a command, and the customer gets nothing of it.
"""

from __future__ import annotations

from mailbridge.execution.desk import Desk
from mailbridge.handling.acting import execute_for
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.handling.storing import store_mail
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.mails import InternalNote
from mailbridge.tickets.requests import each


def file_consultant_reply(tx: Tx, desk: Desk, mail: PlacedMail) -> MailResult:
    """The mail is on the ticket as a note, and the assignee was notified."""
    mail_id = store_mail(tx, mail, ticket=mail.ticket.id, internal=True)
    actor = Actor(kind=ActorKind.CONSULTANT, name=mail.writer.consultant)
    execute_for(tx, desk, mail, mail_id, mail.ticket, each([InternalNote()]), actor=actor)
    return MailResult(outcome=MailOutcome.APPEND, ticket=mail.ticket.id, mail=mail_id)
