"""An agent's mail on a ticket: its text goes to the customer (or is a note), its command lines are executed one by one, and the agent gets
the result of each line.
"""

from __future__ import annotations

from mailbridge.conversation.model import Placement, Reason, Standing
from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.approval_answer import answered, answers_note, doubt, note_writer, taken_as_answer
from mailbridge.handling.agents.carry_out import carry_out
from mailbridge.handling.agents.encrypting import NO_CERTIFICATE, refused_for, without_certificate
from mailbridge.handling.agents.held import hold_agents_mail, hold_lines, parted
from mailbridge.handling.agents.inserts import with_texts
from mailbridge.handling.agents.lines import command_author
from mailbridge.handling.agents.questions import answer_questions
from mailbridge.handling.agents.results import tell_results, why_waiting
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.handling.storing import store_mail
from mailbridge.mail_commands.mentions import mentions
from mailbridge.mail_commands.reading import on_a_ticket
from mailbridge.message.replacing import replace
from mailbridge.notifications.events.approvals import QUESTIONS
from mailbridge.notifications.model import Queued
from mailbridge.store.tx import Tx
from mailbridge.tickets.command_types.mails import AgentReply, InternalNote
from mailbridge.tickets.commands import Command


def add_agent_reply(tx: Tx, desk: Desk, mail: PlacedMail) -> MailResult:
    """The mail is on the ticket as reply or note, each line was executed on the ticket as the one before left it, and the questions were
    answered.

    Without a live token of the ticket the agent is asked first.  With one that is good for answers alone, or with nothing but the agent's
    own signature, the text goes its way and the agent is asked about the commands.
    """
    ticket = mail.ticket
    if mail.placement.standing is Standing.ASKED and not _only_asks(mail):
        return hold_agents_mail(tx, desk, mail)
    ours = answered(tx, ticket.id, mail.message)
    parsed = taken_as_answer(mail.parsed, ours)
    inserted = with_texts(desk, mail, ticket, replace(parsed, lines=tuple(on_a_ticket(line) for line in parsed.lines)))
    parsed = inserted.parsed
    if inserted.files:
        mail = replace(mail, message=replace(mail.message, attachments=(*mail.message.attachments, *inserted.files)))
    said = [line.command for line in parsed.lines]
    internal = InternalNote() in said or (answers_note(ours) and not any(isinstance(one, AgentReply) for one in said))
    named = mentions(parsed.text, command_author(mail.agent, desk, mail.now))
    encrypted = AgentReply(encrypted=True) in said
    doubtful = doubt(parsed, ours, ticket, desk.organisation)
    if encrypted and not internal and (lacking := without_certificate(desk, ticket, parsed.lines)):
        parsed, doubtful = refused_for(parsed, lacking), NO_CERTIFICATE
    speech: Command = InternalNote(mentions=named) if internal else AgentReply(doubt=doubtful, mentions=named, encrypted=encrypted)
    speaks = bool(parsed.text or mail.message.attachments) and not inserted.failed

    mail_id = store_mail(tx, mail, ticket=ticket.id, fresh=parsed.text, internal=internal or not speaks)
    token_of = ticket if mail.writer.by_token and not mail.writer.vouched else None
    lines, later = parted(parsed.lines, own_ticket=False, vouched=may_act(mail.placement, ours), token_of=token_of)
    after, spoken, outcomes = carry_out(
        tx,
        desk,
        mail,
        mail_id,
        ticket,
        lines,
        speech=speech if speaks else None,
        seen_at=ours.created_at if ours else None,
        also=note_writer(tx, desk, ours, mail.now),
    )
    after = after or ticket
    if inserted.articles and not internal:
        tx.article_outcomes.shown(ticket.id, dict.fromkeys(inserted.articles, 0), mail.now)
    if lines or spoken is not None or not later:
        tell_results(tx, desk, mail, mail_id, after, replace(parsed, lines=tuple(lines)), spoken, outcomes)
    hold_lines(tx, desk, mail, after, later)
    answer_questions(tx, desk, mail, mail_id, after, lines)
    return MailResult(outcome=MailOutcome.APPEND, ticket=ticket.id, mail=mail_id, reason=why_waiting(spoken))


def may_act(placement: Placement, ours: Queued | None) -> bool:
    """Whether the mail's commands are executed at once: its token is fresh, or it answers a question of the desk, which expires."""
    by_token = placement.reason in (Reason.REPLY_ADDRESS, Reason.MESSAGE_ID)
    return placement.standing is Standing.ACTS or (by_token and ours is not None and ours.notification.event in QUESTIONS)


def _only_asks(mail: PlacedMail) -> bool:
    """Whether the mail changes nothing: it holds questions to the desk alone."""
    asks = bool(mail.parsed.lines) and all(line.question is not None for line in mail.parsed.lines)
    return asks and not mail.parsed.text and not mail.message.attachments
