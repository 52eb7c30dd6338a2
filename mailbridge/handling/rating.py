"""The customer's answer to the question for a rating."""

from __future__ import annotations

import re

from mailbridge.execution.desk import Desk
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.handling.proven_customer import is_proven_participant
from mailbridge.mail_commands.rating_words import rating_in
from mailbridge.notifications.events.ratings import ASKS
from mailbridge.notifications.model import Notification
from mailbridge.notifications.payloads.tickets import Answered, Closed
from mailbridge.organisation import transitions
from mailbridge.store.tx import Tx
from mailbridge.tickets.command_types.wishes import RateTicket
from mailbridge.tickets.handlers.wishes import may_rate

_QUESTION = re.compile(r"[?？؟](?![\w/&=#%])")  # none within an address of the web


def rating_of(tx: Tx, desk: Desk, mail: PlacedMail) -> RateTicket | None:
    """The grade where the mail is one: of the requester, who is proven and was asked, and with nothing else in it.

    The form of the link counts on any mail to the ticket; a bare number, smiley or phrase only in an answer to the mail that asked,
    while the ticket is closed and where the mail asked nothing else: "2" may be how many printers there are.
    """
    if not may_rate(mail.ticket, mail.writer.address, desk.organisation, mail.now) or not is_proven_participant(mail):
        return None
    said = rating_in(mail.message.reply.fresh)
    closed = not transitions.status(mail.ticket.status, desk.organisation).open
    if said is None or not (said.form or (closed and _answers_question(tx, mail))):
        return None
    return RateTicket(author=mail.writer.address, grade=said.grade)


def _answers_question(tx: Tx, mail: PlacedMail) -> bool:
    """Whether the mail answers one of ours that asked for the rating of this ticket."""
    for ours in map(tx.outbox.by_message_id, mail.message.in_reply_to[:1]):
        if ours is not None and ours.notification.ticket in (mail.ticket.id, *mail.ticket.absorbed):
            payload = ours.notification.payload
            asks = ours.notification.event == ASKS or (isinstance(payload, Answered | Closed) and payload.rating)
            return asks and not _asks_more(tx, ours.notification)
    return False


def _asks_more(tx: Tx, asked: Notification) -> bool:
    """Whether an agent's text in the mail holds a question, which a bare number may answer."""
    text = tx.mails.get(asked.mail) if asked.mail is not None else None
    return text is not None and _QUESTION.search(text.fresh) is not None
