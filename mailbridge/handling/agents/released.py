"""A held mail, or the held lines of a mail, after somebody said yes to it who may."""

from __future__ import annotations

from dataclasses import replace

from mailbridge.conversation.identify import at_the_desk
from mailbridge.conversation.model import Placement, Reason
from mailbridge.execution.desk import Desk
from mailbridge.handling.agents.carry_out import carry_out
from mailbridge.handling.agents.lines import command_author, parse_agent_mail, with_subject_line
from mailbridge.handling.agents.questions import answer_questions
from mailbridge.handling.agents.results import tell_results
from mailbridge.handling.arrival import Arrival
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.handling.placed_mail import ArrivedMail, PlacedMail
from mailbridge.mail_commands.model import ParsedMail
from mailbridge.message.model import Message
from mailbridge.store.held import HeldAnswer, HeldMail, What
from mailbridge.store.tx import Tx

WHO = {HeldAnswer.AGREED: "the agent", HeldAnswer.RELEASED: "somebody at the desk's machine"}


def released(tx: Tx, desk: Desk, message: Message, arrival: Arrival, what: What) -> HeldMail | None:
    """What was held of this very mail, where somebody said yes to it who may."""
    agent = desk.organisation.agent_of(message.sender.address) if message.sender.strict else None
    found = tx.held.get(arrival.id) if agent else None
    mine = found is not None and agent is not None and (found.agent, found.what) == (agent.name, what)
    return found if mine and found and found.state in WHO else None


def execute_released_lines(tx: Tx, desk: Desk, mail: ArrivedMail) -> MailResult | None:
    """The held lines of a mail that is stored were executed; None where nobody said yes to them."""
    copy, arrival = mail.copy, mail.arrival
    if copy is None or copy.id is None or copy.inbox != arrival.id:
        return None
    held = released(tx, desk, mail.message, arrival, What.LINES)
    writer = at_the_desk(held.agent, desk.organisation) if held else None
    if held is None or writer is None:
        return None
    author = command_author(writer.agent, desk, arrival.envelope.received_at)
    waited = held.lines.splitlines()
    parsed = with_subject_line(parse_agent_mail(mail.message, author), mail.message, author)
    lines = tuple(line for line in parsed.lines if line.text in waited)
    ticket = tx.tickets.surviving(copy.ticket) if copy.ticket else None
    placed = PlacedMail(
        message=mail.message,
        arrival=arrival,
        writer=replace(writer, vouched=True),
        placement=Placement(ticket=ticket, reason=Reason.NEW),
        now=mail.now,
        parsed=ParsedMail(lines=lines, text=""),
    )
    after, _, outcomes = carry_out(tx, desk, placed, copy.id, ticket, lines)
    tell_results(tx, desk, placed, copy.id, after, placed.parsed, None, outcomes, key=f"{copy.id}.agreed")
    answer_questions(tx, desk, placed, copy.id, after, lines, key=f"{copy.id}.agreed")
    outcome = MailOutcome.APPEND if ticket else MailOutcome.KEPT
    return MailResult(outcome=outcome, ticket=copy.ticket, mail=copy.id, reason=f"{WHO[held.state]} said yes")
