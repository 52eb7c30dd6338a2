"""An agent's new mail, on no ticket: questions and lines for tickets they name are answered and make no ticket; a request of the agent's
own opens one, with its lines done on it.  Customers' mails that agents pass on are `on_behalf`'s.
"""

from __future__ import annotations

from dataclasses import replace

from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.article_review import asked_about
from mailbridge.handling.agents.carry_out import carry_out
from mailbridge.handling.agents.held import hold_lines, parted
from mailbridge.handling.agents.inserts import without_customer
from mailbridge.handling.agents.questions import answer_questions
from mailbridge.handling.agents.results import tell_results
from mailbridge.handling.new_ticket import open_ticket
from mailbridge.handling.opening import is_ours
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import JudgedMail, PlacedMail
from mailbridge.handling.storing import store_mail
from mailbridge.mail_commands import reply_decision
from mailbridge.mail_commands.model import CommandLine, ParsedMail, WriteArticle
from mailbridge.message.model import Address, Message
from mailbridge.store.tx import Tx
from mailbridge.tickets.command_types.mails import AgentReply, InternalNote


def answer_agent(tx: Tx, desk: Desk, mail: PlacedMail) -> MailResult | None:
    """The mail was for the desk itself and is answered; None where it asks for a ticket."""
    if not _for_the_desk(mail) and not _decides_nothing(tx, mail):
        return None
    parsed = without_customer(mail.parsed, "no-ticket")
    mail_id = store_mail(tx, mail, ticket=None, fresh=parsed.text, internal=True)
    at_once, later = parted(parsed.lines, own_ticket=False, vouched=mail.writer.vouched, reviewed=asked_about(desk, mail))
    writes = any(isinstance(line.question, WriteArticle) for line in parsed.lines)
    lines = [*at_once, *([_left_over(parsed.text)] if parsed.text and not writes else [])]
    _, _, outcomes = carry_out(tx, desk, mail, mail_id, None, lines)
    if lines or not later:
        tell_results(tx, desk, mail, mail_id, None, parsed, None, outcomes)
    hold_lines(tx, desk, mail, None, later)
    answer_questions(tx, desk, mail, mail_id, None, at_once)
    return MailResult(outcome=MailOutcome.KEPT, mail=mail_id, reason="lines for the desk")


def open_agents_ticket(tx: Tx, desk: Desk, judged: JudgedMail) -> MailResult:
    """The agent's own request is a ticket, as anybody's would be, and the lines of the mail were executed on it."""
    mail = replace(judged.mail, written_to=written_to(judged.mail.message, desk))
    parsed = _own_request(mail.parsed, sent=bool(mail.written_to))
    if not parsed.lines:
        return open_ticket(tx, desk, replace(judged, mail=mail))
    without_lines = replace(mail.message, reply=replace(mail.message.reply, fresh=parsed.text))
    result = open_ticket(tx, desk, replace(judged, mail=replace(mail, message=without_lines)))
    ticket = tx.tickets.get(result.ticket) if result.ticket else None
    if ticket is None or result.mail is None:
        return result
    lines, later = parted(parsed.lines, own_ticket=True, vouched=mail.writer.vouched)
    after, _, outcomes = carry_out(tx, desk, mail, result.mail, ticket, lines)
    if lines or not later:
        tell_results(tx, desk, mail, result.mail, after, parsed, None, outcomes)
    hold_lines(tx, desk, mail, after, later)
    answer_questions(tx, desk, mail, result.mail, after, lines)
    return result


def _own_request(parsed: ParsedMail, *, sent: bool) -> ParsedMail:
    """The mail with the lines refused that say what becomes of its text.  `sent`: the agent's own program sent it to customers."""
    problem = "sent-by-you" if sent else "own-request"
    lines = (replace(line, problem=problem) if isinstance(line.command, AgentReply | InternalNote) else line for line in parsed.lines)
    return without_customer(replace(parsed, lines=tuple(lines)), "sent-by-you" if sent else "no-customer")


def written_to(message: Message, desk: Desk) -> tuple[Address, ...]:
    """The customers to whom an agent's own mail went, where the desk stands beside them in To or Cc; the first is who asks.  Nobody
    where no customer is in To: whoever is only copied asks nothing."""
    if not any(desk.is_own(address.address) for address in message.recipients):
        return ()
    return tuple(address for address in message.to if not is_ours(desk, address.address))


def _for_the_desk(mail: PlacedMail) -> bool:
    """Whether the mail asks for no ticket: it holds lines and nothing for people, or nothing but questions.  Below questions there may
    stand a greeting or a signature that nobody can tell from text."""
    parsed = mail.parsed
    if not parsed.lines or mail.message.attachments:
        return False
    asks = all(line.question is not None for line in parsed.lines)
    return asks or not parsed.text


def _decides_nothing(tx: Tx, mail: PlacedMail) -> bool:
    """Whether the mail is a bare yes or no to a mail of the desk that is about no ticket.  Nothing waits for it there, so the agent is told
    that nothing was done; it is nobody's request."""
    if mail.parsed.lines or mail.message.attachments or not reply_decision.is_short(mail.parsed.text):
        return False
    asked = map(tx.outbox.by_message_id, mail.message.in_reply_to)
    return any(ours is not None and ours.notification.ticket is None for ours in asked)


def _left_over(text: str) -> CommandLine:
    """What stood beside questions, told as something that nothing was done with."""
    first = " ".join(text.split())
    return CommandLine(text=first if len(first) <= 60 else f"{first[:59]}…", word="", problem="left-over")
