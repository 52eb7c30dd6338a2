"""An agent's text and lines from a page: executed as those of a mail are, by the same rights, with the same history and notifications.

A page can show at once what a mail can only be told later, so nothing is done where a line is not understood or the ticket has changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import Telling
from mailbridge.execution.load_context import Cause
from mailbridge.handling.agents.carry_out import TEXT, Outcomes, execute_lines
from mailbridge.handling.agents.lines import command_author, without_own_addresses
from mailbridge.mail_commands.mentions import mentions
from mailbridge.mail_commands.model import CommandLine, ParsedMail
from mailbridge.mail_commands.reading import on_a_ticket, read
from mailbridge.message.model import Kind
from mailbridge.message.replacing import replace
from mailbridge.notifications.payloads.agents import CommandResults
from mailbridge.notifications.recipients import customers
from mailbridge.notifications.results import LineStatus, command_results, held
from mailbridge.notifications.summary import Viewer
from mailbridge.organisation.model import Agent
from mailbridge.store.mails import Direction, StoredMail
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.mails import AgentReply, InternalNote
from mailbridge.tickets.commands import Command
from mailbridge.tickets.decision import Decision
from mailbridge.tickets.event_types.mails import MessageAdded
from mailbridge.tickets.model import Ticket

PROVEN_BY = "signed in to the pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageResult:
    """What came of the text and its lines.  `done`: all of it was done.  Where nothing was, `written` is False."""

    results: CommandResults
    done: bool
    written: bool


def act_on_page(tx: Tx, desk: Desk, agent: Agent, ticket: Ticket, text: str, now: datetime, *, internal: bool) -> PageResult:
    """The text goes to the customer, or (`internal`, or a line `#note`) to colleagues; its lines are executed on the ticket as the one
    before left it.  Nothing is done where a line cannot be understood."""
    parsed = _parsed(text, agent, desk, now)
    wrong = [line for line in parsed.lines if line.problem]
    if wrong or not (parsed.text or parsed.lines):
        return PageResult(results=command_results([(line, None) for line in wrong]), done=False, written=False)
    commands = [line.command for line in parsed.lines]
    internal = internal or any(isinstance(one, InternalNote) for one in commands)
    mail = _stored(tx, agent, ticket, parsed.text, now, internal=internal) if parsed.text else None
    named = mentions(parsed.text, command_author(agent.name, desk, now))
    encrypted = AgentReply(encrypted=True) in commands
    speech: Command = InternalNote(mentions=named) if internal else AgentReply(mentions=named, encrypted=encrypted)
    _, spoken, outcomes = execute_lines(
        tx,
        desk,
        ticket,
        parsed.lines,
        speech=speech if mail is not None else None,
        actor=Actor(kind=ActorKind.AGENT, name=agent.name),
        now=now,
        cause=Cause(mail=mail),
        telling=Telling(mail=mail, answerable=True),
    )
    return _result(desk, agent, ticket, parsed, spoken, outcomes)


def _parsed(text: str, agent: Agent, desk: Desk, now: datetime) -> ParsedMail:
    found = without_own_addresses(read(text.replace("\r\n", "\n"), command_author(agent.name, desk, now)), desk)
    return replace(found, lines=tuple(_for_a_page(on_a_ticket(line)) for line in found.lines))


def _for_a_page(line: CommandLine) -> CommandLine:
    """The line; a question to the desk, or what opens a ticket or inserts a text, is for mails."""
    if line.problem or line.commands:
        return line
    return replace(line, question=None, opening=None, insert=None, problem=LineStatus.MAIL_ONLY)


def _stored(tx: Tx, agent: Agent, ticket: Ticket, text: str, now: datetime, *, internal: bool) -> int | None:
    """The text as a message of the ticket; the id of its row."""
    row = StoredMail(
        direction=Direction.IN,
        received_at=now,
        ticket=ticket.id,
        sender=agent.address,
        sender_name=agent.title,
        verified=True,
        subject=ticket.subject,
        date=now,
        kind=Kind.HUMAN,
        language=agent.language,
        text=text,
        fresh=text,
        size=len(text.encode()),
        internal=internal,
    )
    mail = tx.mails.add(row, explanation={"sender": {"agent": agent.name, "verified": True, "why": [PROVEN_BY]}})
    if mail is not None:
        tx.search.add(mail, subject=ticket.subject, fresh=text, names=[])
    return mail


def _result(desk: Desk, agent: Agent, ticket: Ticket, parsed: ParsedMail, spoken: Decision | None, outcomes: Outcomes) -> PageResult:
    happened = [event.what for event in spoken.events] if spoken else []
    sent = any(isinstance(what, MessageAdded) and what.to_customer for what in happened)
    noted = any(isinstance(what, MessageAdded) and what.internal for what in happened)
    rows = [(line, decision) for line, decision in outcomes if not isinstance(line.command, TEXT)]
    if spoken is not None and not sent and not noted:  # refused, or held until somebody says yes
        rows.insert(0, (CommandLine(text=parsed.text[:60], word=""), spoken))
    viewer = Viewer(
        me=agent.name,
        ticket=ticket.id,
        organisation=desk.organisation,
        prefix=desk.config.desk.prefix,
        language=agent.language or desk.config.desk.language,
    )
    people = [person.address for person in customers(ticket)] if sent else []
    results = command_results(rows, sent_to=people, noted=noted, to=viewer, undo=desk.config.desk.undo_minutes)
    done = all(decision is not None and not decision.refused and held(decision) is None for _, decision in rows)
    return PageResult(results=results, done=done, written=True)
