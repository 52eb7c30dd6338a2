"""A new request of somebody who may not ask for the customer: it waits for the contact, for a person of the desk, or is declined politely.

The request is a ticket in each case.  Nobody is written to whom the desk would not acknowledge a mail: an unproven writer gets no refusal,
and no contact is asked for one.  A person decides then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mailbridge.customers.asking import Otherwise
from mailbridge.execution.desk import Desk
from mailbridge.handling.opening import is_ours
from mailbridge.handling.placed_mail import JudgedMail, PlacedMail
from mailbridge.mail_commands.reply_decision import verdict
from mailbridge.notifications.limits import DAY, HOUR
from mailbridge.organisation import transitions
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.mails import Open
from mailbridge.tickets.command_types.values import Close, SetField
from mailbridge.tickets.model import ASKED, ASKING, DECLINED, GRANTED, QUEUED, REFUSED, Participant, Role
from mailbridge.tickets.requests import Request

ACTOR = Actor(kind=ActorKind.SYSTEM, name="asking")
RECEIPT = "not_entitled"  # the template of the polite no


def as_asked(tx: Tx, desk: Desk, judged: JudgedMail, opened: Open, *, answerable: bool) -> Open:
    """The new ticket of somebody who may not ask, as the policy wants it; unchanged of anybody else."""
    match judged.verdict.otherwise:
        case None:
            return opened
        case Otherwise.REFUSE if answerable and judged.mail.writer.verified:
            return replace(opened, status=transitions.CLOSED, fields=(*opened.fields, (ASKING, REFUSED)))
        case Otherwise.ASK_CONTACT if answerable and (contact := _contact(tx, desk, judged)):
            others = (Participant(address=contact, role=Role.MENTIONED), *(one for one in opened.others if one.address.lower() != contact))
            return replace(opened, status=transitions.WAITING, others=others, fields=(*opened.fields, (ASKING, f"{ASKED} {contact}")))
    return replace(opened, fields=(*opened.fields, (ASKING, QUEUED)))


def receipt_of(opened: Open, usual: str) -> str:
    """The template of the receipt for this ticket."""
    return RECEIPT if dict(opened.fields).get(ASKING) == REFUSED else usual


def _contact(tx: Tx, desk: Desk, judged: JudgedMail) -> str:
    """Who is asked; '' where nobody can be: the contact wrote the mail, is the desk itself, or gets no mail, or no more mails now."""
    contact, mail = (judged.verdict.contact or "").lower(), judged.mail
    if contact == mail.writer.address.lower() or is_ours(desk, contact) or tx.addresses.suspended(contact, mail.now):
        return ""
    return "" if _is_at_limit(tx, desk, mail, contact) else contact


def _is_at_limit(tx: Tx, desk: Desk, mail: PlacedMail, contact: str) -> bool:
    """Whether the question would not go out: a ticket must not wait for somebody who is not asked."""
    caps = desk.config.limits
    hourly = caps.mails_per_recipient_hour if mail.writer.verified else min(caps.mails_per_recipient_hour, caps.mails_per_unproven_hour)
    in_hour, in_day = (tx.outbox.count_since(contact, mail.now - span) for span in (HOUR, DAY))
    return in_hour >= hourly or in_day >= caps.mails_per_recipient_day


def contact_decided(mail: PlacedMail) -> Iterator[Request]:
    """What the contact's answer does to the ticket that waits for it: yes, it goes on; no, it is closed.  Other words decide nothing."""
    if mail.writer.dmarc_failed:  # a forger may have seen the contact's address at the desk, in a copy of an answer
        return
    asked = dict(mail.ticket.fields).get(ASKING, "")
    if not asked or asked != f"{ASKED} {mail.writer.address.lower()}":
        return
    said = verdict(mail.message.reply.fresh or mail.message.text)
    if said is not None and said.yes:
        yield Request(commands=(SetField(name=ASKING, value=GRANTED),), actor=ACTOR)
    elif said is not None:
        yield Request(commands=(SetField(name=ASKING, value=DECLINED), Close()), actor=ACTOR)
