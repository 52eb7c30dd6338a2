"""A mail that opens a ticket."""

from __future__ import annotations

from collections.abc import Iterator

from mailbridge.execution.desk import Desk
from mailbridge.execution.estimating import estimated
from mailbridge.execution.webhooks import queue_calls
from mailbridge.handling.acknowledgement import acknowledgement
from mailbridge.handling.acting import execute_for, telling_of
from mailbridge.handling.asking import as_asked, receipt_of
from mailbridge.handling.grouped import OVER_QUOTA, group
from mailbridge.handling.opening import opening
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import JudgedMail, PlacedMail
from mailbridge.handling.sender_limits import allowed, count_opening
from mailbridge.handling.storing import store_mail
from mailbridge.handling.suggesting import suggestions
from mailbridge.handling.suspension import lift_suspension
from mailbridge.ids import ticket_number
from mailbridge.message.replacing import replace
from mailbridge.notifications.context import MailNews, Suggestions
from mailbridge.notifications.webhooks import OPENED
from mailbridge.rules.commands import chooser, estimate_of
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.mails import Open
from mailbridge.tickets.command_types.relations import StartPlaybook
from mailbridge.tickets.requests import Request, each


def open_ticket(tx: Tx, desk: Desk, judged: JudgedMail, number: int | None = None) -> MailResult:
    """The mail opened a ticket with what the rules chose for it; beyond the sender's limits it was grouped with earlier mails.

    `number`: reserved for it already."""
    mail, verdict = judged.mail, judged.verdict
    may = allowed(tx, desk, mail)
    if may.over_quota:
        return MailResult(outcome=MailOutcome.QUARANTINED, reason=OVER_QUOTA)
    if (earlier := tx.tickets.surviving(may.onto[1])) is not None:
        return group(tx, desk, mail, earlier, may)
    lift_suspension(tx, mail)
    why_not = _not_acknowledged(tx, desk, judged) or may.no_receipt
    ticket_id = number or tx.tickets.reserve()
    mail_id = store_mail(tx, replace(mail, arrival=mail.arrival.unacknowledged(why_not)), ticket=ticket_id)
    opened = as_asked(tx, desk, judged, opening(tx, desk, judged), answerable=not why_not)
    suggested = suggestions(tx, desk, judged, opened, answerable=not why_not)
    requests = [*each([opened]), *_chosen_for(tx, desk, judged, opened)]
    usual = telling_of(tx, desk, mail, mail_id, verdict)
    telling = replace(
        usual,
        receipt=receipt_of(opened, usual.receipt),
        answerable=not why_not,
        not_answerable=why_not,
        news=_news(desk, mail, usual.news, suggested),
        receipt_again=may.receipts > 0,
    )
    if suggested.scores:
        tx.article_outcomes.shown(ticket_id, dict(suggested.scores), mail.now)
    executed = execute_for(tx, desk, mail, mail_id, ticket_id, requests, telling=telling)
    count_opening(tx, mail, may, ticket_id, receipt=not why_not)
    if executed.decision.ticket is not None and not mail.imported:
        prefix = desk.config.desk.prefix
        queue_calls(tx, executed.decision.ticket, verdict, mail=mail_id, event=OPENED, prefix=prefix, now=mail.now)
    return MailResult(outcome=MailOutcome.TICKET, ticket=ticket_id, mail=mail_id)


def _not_acknowledged(tx: Tx, desk: Desk, judged: JudgedMail) -> str:
    """Why no acknowledgement goes to the requester; '' where one may."""
    if judged.mail.goes_to_customer:
        return "an agent wrote to the customer"
    if judged.verdict.no_ack:
        return "a rule said no-ack"
    return acknowledgement(tx, desk, judged.mail)


def _news(desk: Desk, mail: PlacedMail, usual: MailNews, suggested: Suggestions) -> MailNews:
    """What is told of a new ticket besides its mail: the agent who wrote it, the ticket that it probably continues and why it is not
    there, and what the desk knows about it."""
    by, placement = mail.words_of, mail.placement
    news = replace(usual, said_by=by.name if by else "", reported=mail.reported, suggested=suggested)
    if placement.follows is None or placement.doubt is None:
        return news
    return replace(news, follows=ticket_number(desk.config.desk.prefix, placement.follows), doubt=str(placement.doubt))


def _chosen_for(tx: Tx, desk: Desk, judged: JudgedMail, opened: Open) -> Iterator[Request]:
    """What is done to a new ticket at once: the estimate of the work (from a rule, else from the ticket's type, else from the history), and
    the tasks of the playbook that a rule starts."""
    verdict = judged.verdict
    if judged.mail.imported:
        return
    actor, estimate = chooser(verdict, "estimate"), estimate_of(verdict)
    if estimate is None:
        actor, estimate = Actor(kind=ActorKind.SYSTEM, name="estimate"), estimated(tx, opened.type, opened.requester, desk)
    if estimate is not None:
        yield Request(commands=(estimate,), actor=actor)
    if verdict.playbook is not None:
        yield Request(commands=(StartPlaybook(name=verdict.playbook),), actor=chooser(verdict, "playbook"))
