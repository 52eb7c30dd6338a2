"""An agent's text to the customer in the mail that opens the ticket: `#answer` and `#send` put texts into it, `#encrypt` encrypts it.

Where one of these lines cannot be done, nothing is sent: the text stays on the new ticket as a note, and the agent is told what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace as with_values

from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.encrypting import NOT_YET, refused_for, without_certificate
from mailbridge.handling.agents.inserts import Inserted, with_texts
from mailbridge.handling.opening import language_for, others_of, requester_of, team_for
from mailbridge.handling.placed_mail import JudgedMail
from mailbridge.mail_commands.model import CommandLine, ParsedMail, WriteTo
from mailbridge.message.model import Message, Reply, Span, SpanKind
from mailbridge.message.replacing import replace
from mailbridge.organisation import transitions
from mailbridge.organisation.priority import Priority
from mailbridge.rules.verdict import Verdict
from mailbridge.store.tx import Tx
from mailbridge.tickets.command_types.mails import AgentReply
from mailbridge.tickets.model import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAnswer:
    """The mail as it goes to the customer, or stays with colleagues.  `number`: of the ticket, where a text already names it; None: any."""

    judged: JudgedMail
    number: int | None = None
    articles: tuple[int, ...] = ()


def prepared(tx: Tx, desk: Desk, judged: JudgedMail) -> FirstAnswer:
    """The mail with its texts, encrypted where the agent wants that; as a note where a line for that cannot be done."""
    mail, forwarded = judged.mail, judged.mail.forwarded
    encrypted = any(line.command == AgentReply(encrypted=True) for line in mail.parsed.lines)
    inserts = any(line.insert is not None and not line.problem for line in mail.parsed.lines)
    if forwarded is None or not forwarded.sends or not (encrypted or inserts):
        return FirstAnswer(judged=judged)
    number = tx.tickets.reserve() if inserts else None
    ticket = _ticket(desk, judged, number or 0)
    inserted = with_texts(desk, mail, ticket, mail.parsed) if inserts else Inserted(parsed=mail.parsed)
    parsed, failed = inserted.parsed, inserted.failed
    if encrypted and (lacking := without_certificate(desk, ticket, parsed.lines)):
        parsed, failed = refused_for(parsed, lacking, NOT_YET), True
    parsed = _kept(parsed) if failed else parsed
    forwarded = with_values(forwarded, sends=not failed, internal=failed, encrypted=encrypted and not failed)
    message = mail.message if failed or not inserts else _saying(mail.message, inserted)
    judged = replace(judged, mail=replace(mail, parsed=parsed, message=message, forwarded=forwarded), verdict=_silent(judged.verdict))
    return FirstAnswer(judged=judged, number=number, articles=() if failed else inserted.articles)


def _ticket(desk: Desk, judged: JudgedMail, number: int) -> Ticket:
    """The ticket that the mail opens, as far as texts and certificates ask."""
    mail, team = judged.mail, team_for(desk, judged)
    requester = requester_of(mail)
    return Ticket(
        id=number,
        subject=judged.verdict.subject or mail.message.subject,
        status=transitions.NEW,
        priority=Priority.NORMAL,
        team=team,
        created_at=mail.now,
        updated_at=mail.now,
        language=language_for(desk, judged, team),
        participants=(requester, *others_of(desk, judged, team)),
    )


def _kept(parsed: ParsedMail) -> ParsedMail:
    """The text that was not sent is on the ticket as a note: it is not told as lost, and the lines that would have sent it as not done."""
    return with_values(parsed, lines=tuple(map(_held_back, parsed.lines)))


def _held_back(line: CommandLine) -> CommandLine:
    if line.detail == "not-sent":
        return with_values(line, detail="not-sent-yet")
    if not line.problem and (isinstance(line.command, AgentReply) or isinstance(line.opening, WriteTo)):
        return with_values(line, problem="refused", detail="kept-back")
    return line


def _saying(message: Message, inserted: Inserted) -> Message:
    """The mail with this text and these files.  Its HTML does not have the text."""
    text = inserted.parsed.text
    span = Span(kind=SpanKind.FRESH, start=0, end=len(text), reason="an agent's text with texts of the desk")
    reply = Reply(text=text, spans=(span,), fresh=text)
    return replace(message, text=text, html="", safe_html="", reply=reply, attachments=(*message.attachments, *inserted.files))


def _silent(verdict: Verdict) -> Verdict:
    """Without an acknowledgement: the customer gets this text, or nothing."""
    return replace(verdict, no_ack=True)
