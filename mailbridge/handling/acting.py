"""Requests are executed because of a mail: by its writer, on its ticket, and its people are notified."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mailbridge.conversation.through import other_reply_to
from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import Executed, Telling, execute
from mailbridge.execution.load_context import Cause
from mailbridge.handling.acknowledgement import acknowledgement
from mailbridge.handling.opening import author
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.message.encryption import DEFECT
from mailbridge.message.envelope import Source
from mailbridge.notifications.context import MailNews
from mailbridge.notifications.recipients import named
from mailbridge.ops import crash
from mailbridge.rules.verdict import Verdict
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.requests import Request


def execute_for(
    tx: Tx,
    desk: Desk,
    mail: PlacedMail,
    mail_id: int,
    ticket: Ticket | int,
    requests: Sequence[Request],
    *,
    actor: Actor | None = None,
    seen_at: datetime | None = None,
    telling: Telling | None = None,
) -> Executed:
    """The requests are executed because of this mail, by its writer if no `actor` is named.

    `mail_id`: its stored row.  `ticket` a number: the mail opens it.  `seen_at`: when the notification was made that the mail answers.
    """
    crash.point("pipeline.mail_stored")
    telling = telling or telling_of(tx, desk, mail, mail_id)
    return execute(tx, desk, ticket, requests, actor or actor_of(mail), mail.now, cause=cause_of(mail, mail_id, seen_at), telling=telling)


def cause_of(mail: PlacedMail, mail_id: int, seen_at: datetime | None = None) -> Cause:
    """The mail as the cause of changes."""
    answers = (*mail.message.in_reply_to, *reversed(mail.message.references))
    return Cause(mail=mail_id, answers=answers, seen_at=seen_at)


def telling_of(tx: Tx, desk: Desk, mail: PlacedMail, mail_id: int, verdict: Verdict | None = None) -> Telling:
    """How the people of the ticket are notified, as the rules want it.  Of an archive that is moved in nobody is notified."""
    elsewhere = other_reply_to(mail.message, mail.writer)
    return Telling(
        silent=mail.imported,
        mail=mail_id,
        opens=mail.message.message_id,
        receipt=(verdict.reply_template or "") if verdict else "",
        also=named(verdict.notify, desk.organisation, mail.now) if verdict else (),
        news=MailNews(other_reply_to=elsewhere),
        unreadable=_unreadable(tx, desk, mail),
        came_at=None if mail.writer.agent else mail.arrival.envelope.received_at,
        for_release=of_first_connect(tx, mail),
    )


def actor_of(mail: PlacedMail) -> Actor:
    """Who acts by this mail: the agent who sent it, or the customer."""
    if mail.agent:
        return Actor(kind=ActorKind.AGENT, name=mail.agent)
    return Actor(kind=ActorKind.CUSTOMER, name=author(mail))


def of_first_connect(tx: Tx, mail: PlacedMail) -> bool:
    """Whether the mail was in its folder before the desk was: nobody is notified of it before an admin has looked."""
    envelope = mail.arrival.envelope
    if envelope.source is not Source.IMAP or envelope.uid is None or envelope.uidvalidity is None:
        return False
    start = tx.cursors.start(envelope.account, envelope.folder, envelope.uidvalidity)
    return start is not None and start.first and envelope.uid < start.below


def _unreadable(tx: Tx, desk: Desk, mail: PlacedMail) -> bool:
    """Whether the mail is encrypted and its writer may be told that nobody here can read it."""
    return DEFECT in mail.message.defects and not acknowledgement(tx, desk, mail)
