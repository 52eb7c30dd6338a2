"""The lines for the desk in an agent's mail are executed, each on its ticket, and what came of each is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import Telling, execute
from mailbridge.execution.load_context import Cause
from mailbridge.execution.many import execute_on_many
from mailbridge.handling.acting import actor_of, cause_of, telling_of
from mailbridge.handling.agents.quoted_lines import QUOTED, no_command
from mailbridge.handling.placed_mail import PlacedMail
from mailbridge.ids import ticket_number
from mailbridge.mail_commands.model import CommandLine
from mailbridge.notifications.recipients import Recipient
from mailbridge.ops import crash
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor
from mailbridge.tickets.command_types.escalation import Approve, Reject, StopSending
from mailbridge.tickets.command_types.mails import AgentReply, InternalNote
from mailbridge.tickets.command_types.values import Assign, Close, Reopen, SetStatus, Snooze
from mailbridge.tickets.commands import Command
from mailbridge.tickets.decision import Decision
from mailbridge.tickets.handlers.approvals import delay_of
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.requests import Request

TEXT = (AgentReply, InternalNote)  # what the mail's text is; these lines are decided with the text, not by themselves

_BEFORE_TEXT = (Assign, StopSending)  # lines that are done before the text is said

# A line with what was decided; None: it is a question, a mistake, or about the mail's own text.  One entry a ticket.
Outcomes = list[tuple[CommandLine, Decision | None]]


def carry_out(
    tx: Tx,
    desk: Desk,
    mail: PlacedMail,
    mail_id: int,
    ticket: Ticket | None,
    lines: Sequence[CommandLine],
    *,
    speech: Command | None = None,
    seen_at: datetime | None = None,
    also: tuple[Recipient, ...] = (),
    follows: tuple[Command, ...] = (),
) -> tuple[Ticket | None, Decision | None, Outcomes]:
    """The lines are done and recorded, each as a whole or not at all, and whoever they concern is told: the ticket after it, what came of
    `speech` (the mail's text as a command; it comes first), and of each line on each ticket it is for.

    `ticket` None: the mail is on none, and only lines that name tickets can be done.  `also`: who is notified besides those it concerns.
    `follows`: commands that belong to the text.  Where an answer waits before it goes, the lines about the ticket's state wait with it.
    """
    telling = replace(telling_of(tx, desk, mail, mail_id), answerable=True, also=also)
    if ticket is not None:
        crash.point("pipeline.mail_stored")
    cause = cause_of(mail, mail_id, seen_at)
    return execute_lines(
        tx, desk, ticket, lines, speech=speech, follows=follows, actor=actor_of(mail), now=mail.now, cause=cause, telling=telling
    )


def execute_lines(
    tx: Tx,
    desk: Desk,
    ticket: Ticket | None,
    lines: Sequence[CommandLine],
    *,
    speech: Command | None,
    actor: Actor,
    now: datetime,
    cause: Cause,
    telling: Telling,
    follows: tuple[Command, ...] = (),
) -> tuple[Ticket | None, Decision | None, Outcomes]:
    """The same for the lines of any agent's text, of a mail or of a page."""
    mine, outcomes = [line for line in lines if _is_for(line, ticket)], Outcomes()
    decided: Mapping[int, Decision] = {}
    after, spoken = ticket, None
    if ticket is not None:
        # Whose it becomes is said before the text: else the answer would make it the writer's first.
        # What waits is taken back before a new text takes its place.
        mine.sort(key=lambda line: not isinstance(line.command, _BEFORE_TEXT))
        waits = [line for line in mine if isinstance(speech, AgentReply) and _delays(desk, ticket) and _is_about_state(line)]
        mine = [line for line in mine if line not in waits]
        first = sum(isinstance(line.command, _BEFORE_TEXT) for line in mine)
        asked = [Request(commands=line.commands, words=line.text) for line in mine]
        whole = (speech, *follows, *(command for line in waits for command in line.commands)) if speech else ()
        said = [Request(commands=whole, words="#public" if isinstance(speech, AgentReply) else "#note")] if speech else []
        requests = [*asked[:first], *said, *asked[first:]]
        executed = execute(tx, desk, ticket, requests, actor, now, cause=cause, telling=telling)
        after, each = executed.decision.ticket or ticket, executed.each
        spoken = each[first] if said else None
        decided = {id(line): one for line, one in zip(mine, (*each[:first], *each[first + len(said) :]), strict=True)}
        decided = {**decided, **{id(line): each[first] for line in waits}}
    others = replace(cause, seen_at=None)
    for line in lines:
        if line.commands and (line.doubted or not isinstance(line.command, TEXT)) and id(line) not in decided:
            outcomes += _on_others(tx, desk, actor, now, ticket, line, cause=others, telling=telling)
        else:
            outcomes.append((line, decided.get(id(line))))
    return after, spoken, outcomes


def _delays(desk: Desk, ticket: Ticket) -> bool:
    """Whether an answer on this ticket waits before it goes."""
    return bool(delay_of(ticket.team, desk.organisation, desk.config.desk.send_after))


def _is_about_state(line: CommandLine) -> bool:
    """Whether the line closes the ticket or changes its status: what the customer hears with the answer."""
    return bool(line.commands) and all(isinstance(command, SetStatus | Close | Reopen | Snooze) for command in line.commands)


def _is_for(line: CommandLine, ticket: Ticket | None) -> bool:
    """Whether the line is for the ticket that the mail is on."""
    return bool(line.commands) and not line.tickets and ticket is not None and not isinstance(line.command, TEXT) and not line.doubted


def _on_others(
    tx: Tx, desk: Desk, actor: Actor, now: datetime, ticket: Ticket | None, line: CommandLine, *, cause: Cause, telling: Telling
) -> Outcomes:
    """The line on each of the tickets it names; one that stands so in somebody else's mail waits for the agent's own yes."""
    if line.doubted and any(isinstance(command, Approve | Reject) for command in line.commands):
        return [(no_command(line), None)]
    numbers = line.tickets or ((ticket.id,) if line.doubted and ticket else ())
    if not numbers:
        return [(replace(line, commands=(), problem="no-ticket", nearest=_with_a_ticket(desk, line)), None)]
    done = execute_on_many(
        tx,
        desk,
        numbers,
        Request(commands=line.commands, words=line.text),
        actor,
        now,
        keeper=ticket.id if ticket else None,
        doubt=QUOTED if line.doubted else "",
        cause=cause,
        telling=telling,
    )
    return [(line, one.decision) for one in done]


def _with_a_ticket(desk: Desk, line: CommandLine) -> str:
    return f"{line.text} {ticket_number(desk.config.desk.prefix, 7)}"
