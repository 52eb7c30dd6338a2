"""An admin's mail that makes a kept mail a ticket: the link in the daily list (`jobs.kept`)."""

from __future__ import annotations

from mailbridge.conversation.marks import kept_mail
from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import Telling, execute
from mailbridge.execution.load_context import Cause
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.handling.storing import store_mail
from mailbridge.ids import ticket_number
from mailbridge.notifications.compose import admin_notifications
from mailbridge.notifications.payloads.admins import KeptTicket
from mailbridge.store.mails import StoredMail
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.mails import Open
from mailbridge.tickets.model import Participant
from mailbridge.tickets.requests import each


def open_kept_mail(tx: Tx, desk: Desk, mail: PlacedMail) -> MailResult | None:
    """The kept mail is a ticket and the admin was told its number; None where the mail is no such request.

    It takes the code that this very admin was given, in a mail of a person from the admin's address that does not fail DMARC.
    """
    sender, config = mail.message.sender, desk.config.desk
    if sender.dmarc == "fail":
        return None
    which = kept_mail(desk.signer, mail.message.subject, sender.address, mail.now.date())
    kept = tx.mails.get(which) if which else None
    if kept is None or kept.id is None:
        return None
    mail_id = store_mail(tx, mail, ticket=None, internal=True)
    ticket = kept.ticket or _opened(tx, desk, mail, kept, kept.id)
    number = ticket_number(config.prefix, ticket)
    about = KeptTicket(number=number, subject=kept.subject, already=bool(kept.ticket))
    told = admin_notifications((sender.address,), "kept_ticket", f"{mail_id}", about, config.address, config.language)
    tx.outbox.add_many(told, mail.now)
    tx.wake("outbox")
    return MailResult(outcome=MailOutcome.KEPT, mail=mail_id, reason=f"an admin's request: mail {kept.id} is {number}")


def _opened(tx: Tx, desk: Desk, mail: PlacedMail, kept: StoredMail, id: int) -> int:
    """The new ticket of the kept mail.  Nobody outside is told: a robot wrote it."""
    ticket = tx.tickets.reserve()
    command = Open(
        subject=kept.subject or "(no subject)",
        requester=Participant(address=kept.sender, name=kept.sender_name, language=kept.language),
        team=desk.organisation.default_team,
        language=kept.language,
        verified=kept.verified,
        rules_version=desk.policy.version,
    )
    tx.mails.set_ticket(id, ticket)
    actor, telling = Actor(kind=ActorKind.SYSTEM, name="admin"), Telling(mail=id, opens=kept.message_id)
    execute(tx, desk, ticket, each([command]), actor, mail.now, cause=Cause(mail=id), telling=telling)
    return ticket
