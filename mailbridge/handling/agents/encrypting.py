"""`#encrypt` in an agent's answer: the customers to whom the desk cannot encrypt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mailbridge.execution.desk import Desk
from mailbridge.mail_commands.model import CommandLine, ParsedMail
from mailbridge.notifications.recipients import customers
from mailbridge.tickets.command_types.mails import AgentReply
from mailbridge.tickets.command_types.people import AddParticipant, SetRequester
from mailbridge.tickets.model import Ticket

NO_CERTIFICATE = "no-certificate"  # the doubt about an answer that cannot be encrypted to everybody, and the refusal of its line
NOT_YET = "no-certificate-yet"  # the refusal in a mail that opens a ticket: its text stays there as a note


def without_certificate(desk: Desk, ticket: Ticket, lines: Sequence[CommandLine]) -> tuple[str, ...]:
    """Those who would get the answer and to whom nothing can be encrypted now, lower case: on the ticket, or added by the mail."""
    on_ticket = [one.address.lower() for one in customers(ticket)]
    said = [command for line in lines if not line.tickets for command in line.commands]
    added = [command.address.lower() for command in said if isinstance(command, AddParticipant | SetRequester)]
    return tuple(address for address in dict.fromkeys([*on_ticket, *added]) if address and desk.not_encrypted_to(address))


def refused_for(parsed: ParsedMail, lacking: Sequence[str], reason: str = NO_CERTIFICATE) -> ParsedMail:
    """The mail with its `#encrypt` refused, with the addresses that have no certificate."""
    return replace(parsed, lines=tuple(_refused(line, lacking, reason) if _asks(line) else line for line in parsed.lines))


def _asks(line: CommandLine) -> bool:
    return line.command == AgentReply(encrypted=True)


def _refused(line: CommandLine, lacking: Sequence[str], reason: str) -> CommandLine:
    return replace(line, problem="refused", detail=reason, about=", ".join(lacking))
