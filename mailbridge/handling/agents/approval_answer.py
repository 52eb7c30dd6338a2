"""An agent's answer to the desk's own question whether something shall be done: "yes", "nu, prea scump", "да"."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.quoted_lines import QUOTED
from mailbridge.mail_commands.model import CommandLine, ParsedMail
from mailbridge.mail_commands.normalise import shortened
from mailbridge.mail_commands.reply_decision import is_short, verdict
from mailbridge.message.model import Message
from mailbridge.notifications.events.approvals import QUESTIONS
from mailbridge.notifications.model import Queued
from mailbridge.notifications.payloads.agents import CommandResults
from mailbridge.notifications.payloads.tickets import ApprovalAnswer, ApprovalQuestion, ColleagueAnswered
from mailbridge.notifications.recipients import Recipient, named
from mailbridge.organisation.model import Organisation, UnknownLines
from mailbridge.store.tx import Tx
from mailbridge.tickets.command_types.escalation import Approve, Reject
from mailbridge.tickets.model import Ticket

FROM_CUSTOMERS = frozenset({"new", "assigned", "customer_replied"})  # mails of ours that bring the customer's words
RESULTS = "commands"  # our mail that says line by line what came of an agent's mail
GONE = -1  # the number of no approval


def answered(tx: Tx, ticket: int, message: Message) -> Queued | None:
    """The mail of ours about the ticket that this one directly answers.  Only that one counts: further down the thread a "yes" may be
    meant for somebody else."""
    for message_id in message.in_reply_to or message.references[-1:]:
        ours = tx.outbox.by_message_id(message_id)
        if ours is None or ours.notification.ticket is None:
            continue
        if ours.notification.ticket == ticket:
            return ours
        survivor = tx.tickets.surviving(ours.notification.ticket)
        if survivor is not None and survivor.id == ticket:
            return _of_the_merged(ours)
    return None


def _of_the_merged(ours: Queued) -> Queued:
    """Our mail about a ticket that was merged since.  What waited for a yes there waits no more, and must not be taken for what waits
    under the same number on the survivor."""
    match ours.notification.payload:
        case ApprovalQuestion() | ApprovalAnswer() as asked:
            return replace(ours, notification=replace(ours.notification, payload=replace(asked, approval=GONE)))
        case CommandResults(approval=int()) as results:
            return replace(ours, notification=replace(ours.notification, payload=replace(results, approval=GONE)))
    return ours


def answers_note(ours: Queued | None) -> bool:
    """Whether a colleague's note is what is answered: what is written back stays among colleagues too."""
    return ours is not None and isinstance(ours.notification.payload, ColleagueAnswered) and ours.notification.payload.internal


def note_writer(tx: Tx, desk: Desk, ours: Queued | None, now: datetime) -> tuple[Recipient, ...]:
    """The colleague whose note is answered, or the deputy: a question that was asked in a note is answered to whoever asked it."""
    mail = tx.mails.get(ours.notification.mail) if ours and answers_note(ours) and ours.notification.mail else None
    agent = desk.organisation.agent_of(mail.sender) if mail else None
    return named((agent.name,), desk.organisation, now) if agent else ()


def doubt(written: ParsedMail, ours: Queued | None, ticket: Ticket, organisation: Organisation) -> str:
    """Why the text of an agent's mail is perhaps not for the customer; '' where it goes to them at once.

    A line for the desk that was not understood may be a #note that was misspelled; one that is a quote was understood as that.  A bare yes
    or no is for the customer only where it answers what the customer wrote: whatever else of ours it answers may have asked something, and
    so may a mail that it does not name.
    """
    team = organisation.teams.get(ticket.team)
    holds = team is None or team.unknown_lines is UnknownLines.HOLD
    if holds and any(line.problem and line.problem != QUOTED for line in written.lines):
        return "line-not-understood"
    brings = ours is not None and ours.notification.event in FROM_CUSTOMERS
    return "short-answer" if is_short(written.text) and not brings else ""


def taken_as_answer(written: ParsedMail, ours: Queued | None) -> ParsedMail:
    """The agent's mail as the answer to our question, where that is what it answers: the text decides or is the reason, and none of it is
    for the customer."""
    if ours is None or not _asks(ours, written):
        return written
    approval = _approval(ours) or 0
    decisions = [line for line in written.lines if isinstance(line.command, Approve | Reject)]
    if not decisions:
        return ParsedMail(lines=(*((as_line(written.text, approval),) if written.text else ()), *written.lines), text="")
    return ParsedMail(lines=tuple(_about(line, approval, written.text) for line in written.lines), text="")


def _asks(ours: Queued, written: ParsedMail) -> bool:
    """Whether our mail is a question.  What came of an agent's lines is one where it says that one of them waits for the agent's yes, and
    the answer is a yes or a no."""
    if ours.notification.event in QUESTIONS:
        return True
    return ours.notification.event == RESULTS and _approval(ours) is not None and is_short(written.text)


def _approval(ours: Queued) -> int | None:
    """The number of what our mail asks a yes for."""
    match ours.notification.payload:
        case ApprovalQuestion(approval=number) | ApprovalAnswer(approval=number) | CommandResults(approval=number):
            return number
    return None


def _about(line: CommandLine, approval: int, text: str) -> CommandLine:
    """`#yes` and `#approve` without a number are about what was asked; the text below is the reason."""
    match line.command:
        case Approve(approval=0, reason=reason) | Reject(approval=0, reason=reason):
            return replace(line, commands=(replace(line.command, approval=approval, reason=reason or text),))
    return line


def as_line(text: str, approval: int) -> CommandLine:
    """The answer as if its command had been written: `text` is what the agent wrote, without lines for the desk.

    Where it is neither yes nor no the line has the problem 'neither-yes-nor-no'.  None of it is for the customer either way.
    """
    shown, said = shortened(text), verdict(text)
    if said is None:
        return CommandLine(text=shown, word="", problem="neither-yes-nor-no", nearest=f"#approve {approval}")
    if said.yes:
        return CommandLine(text=shown, word="approve", commands=(Approve(approval=approval, reason=said.reason),))
    return CommandLine(text=shown, word="reject", commands=(Reject(approval=approval, reason=said.reason),))
