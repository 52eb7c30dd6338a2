"""The lines for the desk in an agent's mail are executed, each on its ticket, and what came of each is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mailbridge.execution.many import execute_on_many
from mailbridge.handling.agents.quoted_lines import QUOTED, no_command
from mailbridge.handling.new_ticket import Filing
from mailbridge.ids import ticket_number
from mailbridge.mail_commands import CommandLine
from mailbridge.tickets.commands import AgentReply, Approve, Assign, Command, InternalNote, Reject
from mailbridge.tickets.decide import Decision
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.requests import Request

TEXT = (AgentReply, InternalNote)  # what the mail's text is; these lines are decided with the text, not by themselves

# A line with what was decided; None: it is a question, a mistake, or about the mail's own text.  One entry a ticket.
Outcomes = list[tuple[CommandLine, Decision | None]]


def carry_out(
    filing: Filing,
    ticket: Ticket | None,
    lines: Sequence[CommandLine],
    mail: int,
    *,
    speech: Command | None = None,
    seen_at: datetime | None = None,
) -> tuple[Ticket | None, Decision | None, Outcomes]:
    """The lines are done and recorded, each as a whole or not at all, and whoever they concern is told: the ticket after it, what came of
    `speech` (the mail's text as a command; it comes first), and of each line on each ticket it is for.

    `ticket` None: the mail is on none, and only lines that name tickets can be done.
    """
    mine, outcomes = [line for line in lines if _is_for(line, ticket)], Outcomes()
    decided: Mapping[int, Decision] = {}
    after, spoken = ticket, None
    if ticket is not None:
        # Whose it becomes is said before the text: else the answer would make it the writer's first.
        mine.sort(key=lambda line: not isinstance(line.command, Assign))
        first = sum(isinstance(line.command, Assign) for line in mine)
        asked = [Request(commands=line.commands, words=line.text) for line in mine]
        said = [Request(commands=(speech,), words="#public" if isinstance(speech, AgentReply) else "#note")] if speech else []
        executed = filing.execute(ticket, [*asked[:first], *said, *asked[first:]], mail, answerable=True, seen_at=seen_at)
        after, each = executed.decision.ticket or ticket, executed.each
        spoken = each[first] if said else None
        decided = {id(line): one for line, one in zip(mine, (*each[:first], *each[first + len(said) :]), strict=True)}
    for line in lines:
        if line.commands and (line.doubted or not isinstance(line.command, TEXT)) and id(line) not in decided:
            outcomes += _on_others(filing, ticket, line, mail)
        else:
            outcomes.append((line, decided.get(id(line))))
    return after, spoken, outcomes


def _is_for(line: CommandLine, ticket: Ticket | None) -> bool:
    """Whether the line is for the ticket that the mail is on."""
    return bool(line.commands) and not line.tickets and ticket is not None and not isinstance(line.command, TEXT) and not line.doubted


def _on_others(filing: Filing, ticket: Ticket | None, line: CommandLine, mail: int) -> Outcomes:
    """The line on each of the tickets it names; one that stands so in somebody else's mail waits for the agent's own yes."""
    if line.doubted and any(isinstance(command, Approve | Reject) for command in line.commands):
        return [(no_command(line), None)]
    numbers = line.tickets or ((ticket.id,) if line.doubted and ticket else ())
    if not numbers:
        return [(replace(line, commands=(), problem="no-ticket", nearest=_with_a_ticket(line, filing)), None)]
    done = execute_on_many(
        filing.tx,
        filing.desk,
        numbers,
        Request(commands=line.commands, words=line.text),
        filing.actor(),
        filing.now,
        keeper=ticket.id if ticket else None,
        doubt=QUOTED if line.doubted else "",
        cause=filing.cause(mail),
        telling=replace(filing.telling(mail), answerable=True),
    )
    return [(line, one.decision) for one in done]


def _with_a_ticket(line: CommandLine, filing: Filing) -> str:
    return f"{line.text} {ticket_number(filing.desk.config.desk.prefix, 7)}"
