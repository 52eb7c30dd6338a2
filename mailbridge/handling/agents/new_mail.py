"""An agent's new mail, on no ticket: questions and lines for tickets they name are answered and make no ticket; a request of the agent's
own opens one, with its lines done on it.  Customers' mails that agents pass on are `on_behalf`'s.
"""

from __future__ import annotations

from dataclasses import replace

from mailbridge.conversation.model import Placement
from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.carry_out import carry_out
from mailbridge.handling.agents.held import hold_lines, parted
from mailbridge.handling.agents.lines import anew, own_lines, speaker_of
from mailbridge.handling.agents.lines import written as lines_of
from mailbridge.handling.agents.on_behalf import is_ours
from mailbridge.handling.agents.questions import answer_questions
from mailbridge.handling.agents.results import tell_results
from mailbridge.handling.new_ticket import Filing
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.mail_commands import CommandLine, ParsedMail, reply_decision
from mailbridge.message.model import Address, Message
from mailbridge.rules.match import Verdict
from mailbridge.tickets.commands import AgentReply, InternalNote


def file_new_agent_mail(filing: Filing) -> MailResult | None:
    """The mail was for the desk itself and is answered; None where it asks for a ticket."""
    written = _written(filing)
    if not _for_the_desk(written, filing) and not _decides_nothing(written, filing):
        return None
    mail = filing.store_mail(ticket=None, fresh=written.text, internal=True)
    at_once, later = parted(written.lines, own_ticket=False, vouched=filing.writer.vouched)
    lines = [*at_once, *([_left_over(written.text)] if written.text else [])]
    _, _, outcomes = carry_out(filing, None, lines, mail)
    if lines or not later:
        tell_results(filing, None, mail, written, None, outcomes)
    hold_lines(filing, None, later)
    answer_questions(filing, None, mail, at_once)
    return MailResult(outcome=MailOutcome.KEPT, mail=mail, reason="lines for the desk")


def open_own_request(filing: Filing, placement: Placement, verdict: Verdict) -> MailResult:
    """The agent's own request is a ticket, as anybody's would be, and the lines of the mail are done on it."""
    written = _written(filing)
    filing = replace(filing, written_to=written_to(filing.message, filing.desk))
    if not written.lines:
        return filing.new_ticket(placement, verdict)
    spoken = replace(filing.message, reply=replace(filing.message.reply, fresh=written.text))
    result = replace(filing, message=spoken).new_ticket(placement, verdict)
    ticket = filing.tx.tickets.get(result.ticket) if result.ticket else None
    if ticket is None or result.mail is None:
        return result
    said = [line for line in written.lines if not isinstance(line.command, AgentReply | InternalNote)]
    lines, later = parted(said, own_ticket=True, vouched=filing.writer.vouched)
    after, _, outcomes = carry_out(filing, ticket, lines, result.mail)
    if lines or not later:
        tell_results(filing, after, result.mail, written, None, outcomes)
    hold_lines(filing, after, later)
    answer_questions(filing, after, result.mail, lines)
    return result


def _written(filing: Filing) -> ParsedMail:
    speaker = speaker_of(filing.writer.agent, filing.desk, filing.written_at)
    written = own_lines(lines_of(filing.message, speaker), filing, None)
    return written if written.lines or written.text else anew(filing.message, speaker)


def written_to(message: Message, desk: Desk) -> tuple[Address, ...]:
    """The customers to whom an agent's own mail went, where the desk stands beside them in To or Cc; the first is who asks.  Nobody
    where no customer is in To: whoever is only copied asks nothing."""
    if not any(desk.is_own(address.address) for address in message.recipients):
        return ()
    return tuple(address for address in message.to if not is_ours(address.address, desk))


def _for_the_desk(written: ParsedMail, filing: Filing) -> bool:
    """Whether the mail asks for no ticket: it holds lines and nothing for people, or nothing but questions.  Below questions there may
    stand a greeting or a signature that nobody can tell from text."""
    if not written.lines or filing.message.attachments:
        return False
    asks = all(line.question is not None for line in written.lines)
    return asks or not written.text


def _decides_nothing(written: ParsedMail, filing: Filing) -> bool:
    """Whether the mail is a bare yes or no to a mail of the desk that is about no ticket.  Nothing waits for it there, so the agent is told
    that nothing was done; it is nobody's request."""
    if written.lines or filing.message.attachments or not reply_decision.is_short(written.text):
        return False
    asked = map(filing.tx.outbox.by_message_id, filing.message.in_reply_to)
    return any(ours is not None and ours.notification.ticket is None for ours in asked)


def _left_over(text: str) -> CommandLine:
    """What stood beside questions, told as something that nothing was done with."""
    first = " ".join(text.split())
    return CommandLine(text=first if len(first) <= 60 else f"{first[:59]}…", word="", problem="left-over")
