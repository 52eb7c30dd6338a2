"""Whether a customer's mail may do something on its ticket by its words alone."""

from __future__ import annotations

from mailbridge.conversation.model import Reason
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.message.model import Kind
from mailbridge.tickets.model import Role


def is_proven_participant(mail: PlacedMail) -> bool:
    """Whether a person of the ticket wrote the mail by hand, and a check or a signed address proves it."""
    writer, person = mail.writer, mail.ticket.participant(mail.writer.address)
    on_ticket = person is not None and person.role in (Role.REQUESTER, Role.PARTICIPANT)
    proven = writer.verified or mail.placement.reason in (Reason.REPLY_ADDRESS, Reason.MESSAGE_ID)
    plain = not mail.imported and not mail.message.attachments and mail.message.kind is Kind.HUMAN
    return on_ticket and proven and not writer.dmarc_failed and plain
