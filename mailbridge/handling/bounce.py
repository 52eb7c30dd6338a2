"""A delivery report about a mail that we sent."""

from __future__ import annotations

from mailbridge.conversation.marks import is_mark_of
from mailbridge.execution.desk import Desk
from mailbridge.handling.acting import execute_for
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.handling.storing import store_mail
from mailbridge.handling.suspension import suspend
from mailbridge.message.model import Bounce, Strength
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.mails import CustomerMessage, ReportFailure
from mailbridge.tickets.commands import Command
from mailbridge.tickets.requests import each


def file_bounce(tx: Tx, desk: Desk, mail: PlacedMail) -> MailResult | None:
    """The report is on the ticket of the mail that it returns, and the assignee was notified of a failure; None where it is about none of
    ours.

    Whoever knows a Message-ID can forge a report.  It changes nothing but what automatic mail the address gets and whether the answer
    counts for the clocks, and both only where it holds what a forger cannot know (`_proves`).
    """
    report = mail.message.bounce
    ours = tx.outbox.by_message_id(report.original_id) if report else None
    ticket = tx.tickets.surviving(ours.notification.ticket) if ours and ours.notification.ticket else None
    if report is None or ours is None or ticket is None:
        return None
    recipient = ours.notification.recipient
    named = recipient.lower() in {address.lower() for address in report.recipients}
    if mail.message.strength is Strength.WEAK and not named:
        return None  # words about a bounce in an answer to ours are a person's
    mail_id = store_mail(tx, mail, ticket=ticket.id)
    asked: list[Command] = [CustomerMessage(author=mail.message.sender.address, automatic=True)]
    if not report.temporary:
        why = f"{report.status} {report.diagnostic}".strip()[:500]
        proven = named and _proves(desk, mail, report, ours.notification.key)
        asked.append(ReportFailure(recipient=recipient, what=ours.notification.event, reason=why, proven=proven))
        if proven:
            suspend(tx, mail, recipient, why)
    execute_for(tx, desk, mail, mail_id, ticket, each(asked), actor=Actor(kind=ActorKind.SYSTEM, name="bounce"))
    return MailResult(outcome=MailOutcome.APPEND, ticket=ticket.id, mail=mail_id)


def _proves(desk: Desk, mail: PlacedMail, report: Bounce, key: str) -> bool:
    """Whether the report can only come from where our mail went: it returns our signed mark of that very mail, and it has the null sender,
    as far as the source knows the sender."""
    envelope = mail.arrival.envelope.mail_from
    sender = mail.message.return_path if envelope is None else envelope
    return not sender and is_mark_of(desk.signer, report.returned_mark, key)
