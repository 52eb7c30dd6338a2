"""A mail beyond its sender's limits: it goes onto the ticket of the mails before it."""

from __future__ import annotations

from dataclasses import replace

from mailbridge.execution.desk import Desk
from mailbridge.handling.acting import execute_for, telling_of
from mailbridge.handling.opening import author
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.handling.sender_limits import Allowed
from mailbridge.handling.storing import store_mail
from mailbridge.ids import ticket_number
from mailbridge.notifications.compose import admin_notifications
from mailbridge.notifications.payloads.admins import Flood
from mailbridge.organisation import transitions
from mailbridge.store.tx import Tx
from mailbridge.tickets.command_types.mails import CustomerMessage
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.requests import each

GROUPED = "grouped"
OVER_QUOTA = "quota: one sender brought more bytes within an hour than limits.bytes_per_sender_hour allows"


def group(tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket, may: Allowed) -> MailResult:
    """The mail is on that ticket.  Agents and admins are notified of some of a sender's grouped mails, so that a flood is noticed."""
    mail_id = store_mail(tx, replace(mail, arrival=mail.arrival.unacknowledged(may.no_receipt)), ticket=ticket.id)
    tx.openings.group(may.onto[0], mail.arrival.size)
    is_open = transitions.status(ticket.status, desk.organisation).open
    requests = each([CustomerMessage(author=author(mail), automatic=is_open)])
    usual = telling_of(tx, desk, mail, mail_id)
    telling = replace(usual, robot=GROUPED if may.told else "", news=replace(usual.news, grouped=may.grouped))
    execute_for(tx, desk, mail, mail_id, ticket, requests, telling=telling)
    if may.told:
        _notify_admins(tx, desk, mail, ticket, may)
    return MailResult(
        outcome=MailOutcome.APPEND, ticket=ticket.id, mail=mail_id, reason="grouped: too many mails of one sender within an hour"
    )


def _notify_admins(tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket, may: Allowed) -> None:
    """The admins are notified of a flood once an hour."""
    config = desk.config.desk
    flood = Flood(sender=author(mail), form=may.form.rpartition(":")[2], number=ticket_number(config.prefix, ticket.id))
    hour = mail.now.strftime("%Y%m%d%H")
    tx.outbox.add_many(admin_notifications(config.admins, "flood", hour, flood, config.address, config.language), mail.now)
    tx.wake("outbox")
