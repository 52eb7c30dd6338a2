"""An agent's mail on a ticket: its text goes to the customer (or is a note), its lines are judged one by one, and the agent is told line
by line what came of them.
"""

from __future__ import annotations

from dataclasses import replace

from mailbridge.conversation.model import Placement, Reason, Standing
from mailbridge.handling.agents.approval_answer import answered, answers_note, doubt, note_writer, taken_as_answer
from mailbridge.handling.agents.carry_out import carry_out
from mailbridge.handling.agents.held import ask_first, hold_lines, parted
from mailbridge.handling.agents.lines import own_lines, speaker_of
from mailbridge.handling.agents.lines import written as lines_of
from mailbridge.handling.agents.questions import answer_questions
from mailbridge.handling.agents.results import tell_results
from mailbridge.handling.new_ticket import Filing
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.mail_commands import ParsedMail
from mailbridge.mail_commands.reading import on_a_ticket
from mailbridge.notifications.events.approvals import QUESTIONS
from mailbridge.notifications.model import Queued
from mailbridge.tickets.commands import AgentReply, Command, InternalNote
from mailbridge.tickets.model import Ticket


def file_agent_mail(filing: Filing, ticket: Ticket, placement: Placement) -> MailResult:
    """The mail is filed: answer or note, then each line on the ticket as the one before left it; then what the agent asked is answered.

    Without a live token of the ticket the agent is asked first; with one that is good for answers alone, or none but the agent's own
    signature, the text goes its way and the commands are asked.
    """
    ours = answered(filing.tx, ticket.id, filing.message)
    written = own_lines(lines_of(filing.message, speaker_of(filing.writer.agent, filing.desk, filing.written_at)), filing, ticket)
    if placement.standing is Standing.ASKED and not _only_asks(written, filing):
        return ask_first(filing, ticket, placement)
    written = taken_as_answer(written, ours)
    written = replace(written, lines=tuple(on_a_ticket(line) for line in written.lines))
    filing = replace(filing, also=note_writer(filing, ours))
    said = [line.command for line in written.lines]
    internal = InternalNote() in said or (answers_note(ours) and AgentReply() not in said)
    speech: Command = InternalNote() if internal else AgentReply(doubt=doubt(written, ours, ticket, filing.desk.organisation))
    speaks = bool(written.text or filing.message.attachments)

    mail = filing.store_mail(ticket=ticket.id, fresh=written.text, internal=internal or not speaks)
    seen_at = ours.created_at if ours else None
    token_of = ticket if filing.writer.by_token and not filing.writer.vouched else None
    lines, later = parted(written.lines, own_ticket=False, vouched=may_act(placement, ours), token_of=token_of)
    after, spoken, outcomes = carry_out(filing, ticket, lines, mail, speech=speech if speaks else None, seen_at=seen_at)
    if lines or spoken is not None or not later:
        tell_results(filing, after or ticket, mail, replace(written, lines=tuple(lines)), spoken, outcomes)
    hold_lines(filing, after or ticket, later)
    answer_questions(filing, after, mail, lines)
    return MailResult(outcome=MailOutcome.APPEND, ticket=ticket.id, mail=mail)


def may_act(placement: Placement, ours: Queued | None) -> bool:
    """Whether the mail's commands are done at once: its token is fresh, or it answers a question of the desk, which expires by itself."""
    by_token = placement.reason in (Reason.REPLY_ADDRESS, Reason.MESSAGE_ID)
    return placement.standing is Standing.ACTS or (by_token and ours is not None and ours.notification.event in QUESTIONS)


def _only_asks(written: ParsedMail, filing: Filing) -> bool:
    """Whether the mail changes nothing: it holds questions to the desk alone."""
    asks = bool(written.lines) and all(line.question is not None for line in written.lines)
    return asks and not written.text and not filing.message.attachments
