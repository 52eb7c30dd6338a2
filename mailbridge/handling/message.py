"""A mail that goes onto its ticket as a message: a customer's, or a robot's, which changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailbridge.execution.assignment import wanted_agent
from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import preview
from mailbridge.execution.webhooks import queue_calls
from mailbridge.handling.acting import actor_of, cause_of, execute_for, telling_of
from mailbridge.handling.asking import contact_decided
from mailbridge.handling.grouped import OVER_QUOTA, group
from mailbridge.handling.opening import author, copied
from mailbridge.handling.opt_out import opt_out
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import JudgedMail, PlacedMail
from mailbridge.handling.proven_customer import is_proven_participant
from mailbridge.handling.rating import rating_of
from mailbridge.handling.sender_limits import allowed_on
from mailbridge.handling.storing import store_mail
from mailbridge.handling.suspension import lift_suspension
from mailbridge.ids import parse_meeting_uid
from mailbridge.mail_commands.customer_words import says_solved, solved_by
from mailbridge.message.model import Kind
from mailbridge.message.replacing import replace
from mailbridge.notifications.webhooks import REPLIED
from mailbridge.organisation import transitions
from mailbridge.rules.commands import commands
from mailbridge.rules.verdict import Verdict
from mailbridge.store.tx import Tx
from mailbridge.tickets.command_types.mails import CustomerMessage
from mailbridge.tickets.command_types.people import AnswerInvitation
from mailbridge.tickets.command_types.wishes import RateTicket
from mailbridge.tickets.commands import Command
from mailbridge.tickets.event_types.people import InvitationAnswered
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.requests import Request, each

COMMENT = "\nComment: "  # in the summary of a calendar's answer: what the person wrote beside it


def add_customer_message(tx: Tx, desk: Desk, judged: JudgedMail) -> MailResult:
    """A customer's mail is on their ticket; one whose writer is proven may bring others along."""
    mail, ticket = judged.mail, judged.mail.ticket
    may = allowed_on(tx, desk, mail, ticket.id)
    if may.over_quota:
        return MailResult(outcome=MailOutcome.QUARANTINED, reason=OVER_QUOTA)
    if may.onto != (0, 0):
        return group(tx, desk, mail, ticket, may)
    lift_suspension(tx, mail)
    if (opted := opt_out(tx, desk, mail)) is not None:
        return opted
    if (rating := rating_of(tx, desk, mail)) is not None:
        return _rated(tx, desk, mail, ticket, rating)
    others = copied(desk, mail, ticket.team, proven=True) if mail.writer.verified else ()
    message = CustomerMessage(author=mail.writer.address, others=others, solved=_says_solved(mail))
    if message.solved and (article := solved_by(mail.message.reply.fresh)):
        tx.article_outcomes.solved(ticket.id, article, mail.now)
    return _append(tx, desk, mail, ticket, message, judged.verdict)


def add_automatic_message(tx: Tx, desk: Desk, mail: PlacedMail) -> MailResult:
    """A robot's mail is on the ticket that it answers and changes nothing.

    Nobody is notified of the mail of an agent's robot: it would answer the notification, and so on without end.
    """
    robot = mail.message.kind if mail.may.told and not mail.writer.agent else ""
    return _append(tx, desk, mail, mail.ticket, CustomerMessage(author=mail.writer.address, automatic=True), robot=robot)


def _append(
    tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket, message: CustomerMessage, verdict: Verdict | None = None, *, robot: str = ""
) -> MailResult:
    mail_id = store_mail(tx, mail, ticket=ticket.id)
    requests = each([message, *_invitation_answered(desk, mail, ticket)])
    if not message.automatic and not mail.imported:
        requests += contact_decided(mail)
    if message.automatic and _says_more(tx, desk, mail, mail_id, ticket, requests):
        requests[0] = Request(commands=(CustomerMessage(author=mail.writer.address),))
    if mail.imported and not _wakes(desk, ticket):
        requests[0] = Request(commands=(replace(message, automatic=True),))
    if verdict:
        chosen = commands(_for_this(tx, desk, mail, ticket, verdict))
        requests += [Request(commands=(command,), actor=actor) for command, actor in chosen]
    telling = replace(telling_of(tx, desk, mail, mail_id, verdict), robot=robot)
    executed = execute_for(tx, desk, mail, mail_id, ticket, requests, telling=telling)
    if verdict and executed.decision.ticket is not None and not mail.imported:
        prefix = desk.config.desk.prefix
        queue_calls(tx, executed.decision.ticket, verdict, mail=mail_id, event=REPLIED, prefix=prefix, now=mail.now)
    return MailResult(outcome=MailOutcome.APPEND, ticket=ticket.id, mail=mail_id)


def _rated(tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket, rating: RateTicket) -> MailResult:
    """The grade is recorded and nothing else of the ticket changes; the mail, with its comment, is on the ticket."""
    mail_id = store_mail(tx, mail, ticket=ticket.id)
    execute_for(tx, desk, mail, mail_id, ticket, each([rating]), telling=telling_of(tx, desk, mail, mail_id))
    return MailResult(outcome=MailOutcome.APPEND, ticket=ticket.id, mail=mail_id)


def _says_solved(mail: PlacedMail) -> bool:
    """Whether somebody of the ticket, who is proven, says with the whole text of the mail that the request is solved."""
    return is_proven_participant(mail) and says_solved(mail.message.reply.fresh)


def _wakes(desk: Desk, ticket: Ticket) -> bool:
    """Whether a mail of an archive may change the ticket's status: a closed or waiting ticket stays so, because the mail is old."""
    status = transitions.status(ticket.status, desk.organisation)
    return status.open and not status.waiting


def _says_more(tx: Tx, desk: Desk, mail: PlacedMail, mail_id: int, ticket: Ticket, requests: Sequence[Request]) -> bool:
    """Whether a calendar's answer holds words that no notification would carry: the words beside an answer that counts go along with it."""
    if mail.message.kind is not Kind.CALENDAR:
        return False
    would = preview(tx, desk, ticket, requests, actor_of(mail), mail.now, cause=cause_of(mail, mail_id))
    if any(isinstance(event.what, InvitationAnswered) for event in would.decision.events):
        return False
    return bool(mail.message.reply.fresh) or any(COMMENT in file.summary for file in mail.message.attachments)


def _invitation_answered(desk: Desk, mail: PlacedMail, ticket: Ticket) -> Iterator[Command]:
    """The answer to an invitation of ours about this ticket, if the mail is one."""
    answer = mail.message.invitation
    number = parse_meeting_uid(desk.config.desk.prefix, answer.uid, ticket.id) if answer else None
    if answer is not None and number is not None:
        yield AnswerInvitation(author=author(mail), answer=answer.said, number=number, sequence=answer.sequence)


def _for_this(tx: Tx, desk: Desk, mail: PlacedMail, ticket: Ticket, verdict: Verdict) -> Verdict:
    """The verdict for a ticket that exists: an agent is chosen only where it has no assignee, or each reply would move it on."""
    if ticket.assignee and not verdict.assignee:
        return verdict
    agent = wanted_agent(tx, verdict, verdict.team or ticket.team, desk.organisation, mail.now)
    return replace(verdict, assignee=agent or None)
