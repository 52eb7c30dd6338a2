"""An agent's mail on a ticket: its text goes to the customer (or is a note), its commands are judged one by one, and the agent is told
line by line what came of them.
"""

from __future__ import annotations

from mailbridge.agentmail.lines import speaker_of
from mailbridge.desk.commands import Answer, Command, Note
from mailbridge.desk.decide import decide_all
from mailbridge.desk.language import read
from mailbridge.desk.model import Ticket
from mailbridge.filing import Filing, Outcome, Result, occasion
from mailbridge.message.model import Message
from mailbridge.outbox.compose import signed
from mailbridge.outbox.model import Audience, Notification
from mailbridge.outbox.recipients import customers
from mailbridge.outbox.results import results_as_values


def file_agent_mail(filing: Filing, ticket: Ticket) -> Result:
    """The mail is filed: answer or note, then each command on the ticket as the one before left it."""
    written = read(written_in_both(filing.message), speaker_of(filing.writer.agent, filing.desk, filing.now))
    commands = [line for line in written.lines if line.command is not None]
    internal = any(isinstance(line.command, Note) for line in commands)
    speaks = bool(written.text or filing.message.attachments)
    text: list[tuple[Command, str]] = [(Note() if internal else Answer(), "")] if speaks else []
    lines = [line for line in commands if not isinstance(line.command, Note)]
    asked = [*text, *((line.command, line.text) for line in lines if line.command is not None)]
    mail = filing.store_mail(ticket=ticket.id, fresh=written.text, internal=internal or not speaks)
    decision, each = decide_all(ticket, asked, filing.about(filing.actor(), mail))
    told = filing.tell(decision, mail, answerable=True)
    if written.lines:
        decisions = dict(zip([id(line) for line in lines], each[len(text) :], strict=True))
        sent_to = [c.address for c in customers(ticket)] if speaks and not internal else []
        outcomes = [(line, decisions.get(id(line))) for line in written.lines]
        values = results_as_values(outcomes, sent_to=sent_to, noted=internal)
        told = (*told, _results(filing, decision.ticket or ticket, mail, values))
    filing.finish(decision, told)
    return Result(outcome=Outcome.APPEND, ticket=ticket.id, mail=mail)


def written_in_both(message: Message) -> str:
    """The fresh text of an agent's mail.  Where it has a plain and an HTML body, a command counts only if it stands in both: what the
    agent's program showed is not always what the other part says."""
    if not message.html or not message.text:
        return message.reply.fresh
    plain = {" ".join(line.split()) for line in message.text.splitlines()}
    lines = message.reply.fresh.splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#") or " ".join(line.split()) in plain)


def _results(filing: Filing, ticket: Ticket, mail: int, values: tuple[tuple[str, str], ...]) -> Notification:
    """The desk's answer to commands, line by line."""
    promise = Notification(
        ticket=ticket.id,
        audience=Audience.AGENT,
        event="commands",
        recipient=filing.writer.address,
        key=f"{ticket.id}.commands.{mail}",
        name=filing.writer.name,
        language=filing.desk.organisation.agents[filing.writer.agent].language,
        values=values,
    )
    return signed(promise, occasion(filing.tx, ticket, filing.desk, mail=mail, answerable=True))
