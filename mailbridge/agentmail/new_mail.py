"""An agent's new mail, on no ticket: questions and lines for tickets they name are answered and make no ticket; a request of the agent's
own opens one, with its lines done on it.  Customers' mails that agents pass on are `on_behalf`'s.
"""

from __future__ import annotations

from dataclasses import replace

from mailbridge.agentmail.carry_out import carry_out
from mailbridge.agentmail.lines import own_lines, speaker_of
from mailbridge.agentmail.lines import written as lines_of
from mailbridge.agentmail.questions import answer_questions
from mailbridge.agentmail.replying import tell_results
from mailbridge.conversation.model import Placement
from mailbridge.desk.commands import Answer, Note
from mailbridge.desk.language import Line, Written, understand
from mailbridge.desk.language.reading import stands_for_itself
from mailbridge.filing import Filing, Outcome, Result
from mailbridge.rules.match import Verdict


def file_new_agent_mail(filing: Filing) -> Result | None:
    """The mail was for the desk itself and is answered; None where it asks for a ticket."""
    written = _written(filing)
    if not _for_the_desk(written, filing):
        return None
    mail = filing.store_mail(ticket=None, fresh=written.text, internal=True)
    lines = [*written.lines, *([_left_over(written.text)] if written.text else [])]
    _, _, outcomes = carry_out(filing, None, lines, mail)
    tell_results(filing, None, mail, written, None, outcomes)
    answer_questions(filing, None, mail, written.lines)
    return Result(outcome=Outcome.KEPT, mail=mail, reason="lines for the desk")


def open_own_request(filing: Filing, placement: Placement, verdict: Verdict) -> Result:
    """The agent's own request is a ticket, as anybody's would be, and the lines of the mail are done on it."""
    written = _written(filing)
    if not written.lines:
        return filing.new_ticket(placement, verdict)
    spoken = replace(filing.message, reply=replace(filing.message.reply, fresh=written.text))
    result = replace(filing, message=spoken).new_ticket(placement, verdict)
    ticket = filing.tx.tickets.get(result.ticket) if result.ticket else None
    if ticket is None or result.mail is None:
        return result
    lines = [line for line in written.lines if not isinstance(line.command, Answer | Note)]
    after, _, outcomes = carry_out(filing, ticket, lines, result.mail)
    tell_results(filing, after, result.mail, written, None, outcomes)
    answer_questions(filing, after, result.mail, lines)
    return result


def _written(filing: Filing) -> Written:
    """The mail taken apart.  On a phone it is easier to write `#list mine` as the subject of an empty mail."""
    speaker = speaker_of(filing.writer.agent, filing.desk, filing.now)
    written = own_lines(lines_of(filing.message, speaker), filing, None)
    subject = filing.message.subject
    if written.lines or written.text or not stands_for_itself(subject):
        return written
    return Written(lines=(understand(subject, speaker),), text="")


def _for_the_desk(written: Written, filing: Filing) -> bool:
    """Whether the mail asks for no ticket: it holds lines and nothing for people, or nothing but questions.  Below questions there may
    stand a greeting or a signature that nobody can tell from text."""
    if not written.lines or filing.message.attachments:
        return False
    asks = all(line.question is not None for line in written.lines)
    return asks or not written.text


def _left_over(text: str) -> Line:
    """What stood beside questions, told as something that nothing was done with."""
    first = " ".join(text.split())
    return Line(text=first if len(first) <= 60 else f"{first[:59]}…", word="", problem="left-over")
