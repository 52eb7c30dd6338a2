"""A mail becomes a row, with its references, its attachments and the words it is found by."""

from __future__ import annotations

from mailbridge.handling.evidence import referred
from mailbridge.handling.opening import claimed
from mailbridge.handling.outcome import LostRace
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.message.dates import shown_date
from mailbridge.message.inline_images import small_inline
from mailbridge.reply.stored_spans import spans_to_json
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.store.tx import Tx


def store_mail(
    tx: Tx,
    mail: PlacedMail,
    *,
    ticket: int | None,
    fresh: str | None = None,
    internal: bool = False,
    direction: Direction = Direction.IN,
) -> int:
    """The mail is stored; the id of its row.  `fresh`: what its writer says now, where that is not what the reply parser found.

    Raises LostRace where another worker stored a copy first.
    """
    message = mail.message
    stored = _row(mail, ticket, message.reply.fresh if fresh is None else fresh, internal=internal, direction=direction)
    explanation = {**mail.arrival.explanation, "reply": spans_to_json(message.reply)}  # of the customer's mail where an agent forwarded it
    older = tx.old_mails.go_on_at(ticket, referred(message)) if ticket is not None else []
    if older:
        explanation["answers_older"] = older
    mail_id = tx.mails.add(stored, explanation=explanation)
    if mail_id is None:
        raise LostRace("another worker stored a copy of this mail first")
    pictures = small_inline(message)
    tx.mails.add_attachments(mail_id, ticket, message.attachments, sender=stored.sender, pictures=pictures)
    names = [file.name for file in message.attachments if file not in pictures]
    if stored.fresh or names or not internal:  # a mail that only holds command lines says nothing that anybody looks for
        tx.search.add(mail_id, subject=stored.subject, fresh=stored.fresh, names=names)
    tx.search.add_whole(mail_id, ticket=ticket, subject=stored.subject, fresh=stored.fresh, text=stored.text, names=names)
    return mail_id


def _row(mail: PlacedMail, ticket: int | None, fresh: str, *, internal: bool, direction: Direction) -> StoredMail:
    message, arrival = mail.message, mail.arrival
    agent = mail.forwarded.agent if mail.forwarded and mail.forwarded.reported else None  # the words are the agent's, not the customer's
    return StoredMail(
        inbox=arrival.id,
        ticket=ticket,
        direction=direction,
        message_id=message.message_id,
        references=(*message.references, *message.in_reply_to),
        fingerprint=message.fingerprint,
        sender=agent.address if agent else mail.writer.address or message.sender.address or claimed(message),
        sender_name=agent.name if agent else message.sender.name,
        verified=agent is not None or mail.writer.verified,
        subject=message.subject,
        date=shown_date(message.date, arrival.envelope.received_at, old=mail.imported or (mail.forwarded is not None and bool(ticket))),
        received_at=arrival.envelope.received_at,
        kind=message.kind,
        language=message.language,
        text=message.reply.text or message.text,
        fresh=fresh,
        html=message.safe_html,
        sha256=arrival.sha256,
        size=arrival.size,
        internal=internal,
    )
