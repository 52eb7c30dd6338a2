"""A customer's `#quiet`: from now on the desk sends this person answers and questions alone, on all tickets."""

from __future__ import annotations

from collections.abc import Iterator

from mailbridge.execution.desk import Desk
from mailbridge.execution.notification_context import notification_context
from mailbridge.execution.wishes import set_wish
from mailbridge.handling.acting import actor_of
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.handling.proven_customer import is_proven_participant
from mailbridge.handling.storing import store_mail
from mailbridge.mail_commands.customer_words import wants_quiet
from mailbridge.notifications.compose import signed
from mailbridge.notifications.model import Audience, Notification
from mailbridge.organisation.wishes import WishId, WishKind
from mailbridge.store.tx import Tx


def opt_out(tx: Tx, desk: Desk, mail: PlacedMail) -> MailResult | None:
    """The wish is kept, the mail is on the ticket and changes nothing, and the customer reads what holds now; None for any other mail."""
    quiet = wants_quiet(mail.message.reply.fresh)
    if quiet is None or not is_proven_participant(mail):
        return None
    mail_id = store_mail(tx, mail, ticket=mail.ticket.id)
    id = WishId(kind=WishKind.OPT_OUT, person=mail.writer.address.lower())
    if quiet != desk.organisation.wishes.opted_out(mail.writer.address):
        set_wish(tx, id, (("wants", "answers"),) if quiet else None, actor_of(mail), mail.now)
    tx.outbox.add_many(list(_told(tx, desk, mail, mail_id, quiet=quiet)), mail.now)
    tx.wake("outbox")
    return MailResult(outcome=MailOutcome.APPEND, ticket=mail.ticket.id, mail=mail_id)


def _told(tx: Tx, desk: Desk, mail: PlacedMail, mail_id: int, *, quiet: bool) -> Iterator[Notification]:
    ticket = mail.ticket
    person = ticket.participant(mail.writer.address)
    told = Notification(
        ticket=ticket.id,
        audience=Audience.CUSTOMER,
        event="opted_out" if quiet else "opted_in",
        recipient=mail.writer.address,
        key=f"{ticket.id}.opted.{mail_id}",
        name=person.name if person else "",
        language=(person.language if person else "") or ticket.language,
    )
    yield signed(told, notification_context(tx, ticket, desk, answerable=True))
