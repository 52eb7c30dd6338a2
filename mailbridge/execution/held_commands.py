"""What an approval holds, read from its stored commands or, of an older program, from its line."""

from __future__ import annotations

from dataclasses import dataclass

from mailbridge.mail_commands import CommandLine, author_of, understand
from mailbridge.mail_commands.reading import on_a_ticket
from mailbridge.organisation.approval_policy import ApprovalTrigger
from mailbridge.organisation.model import Organisation
from mailbridge.tickets.commands import Command
from mailbridge.tickets.handlers.risks import MANY, OWN_YES
from mailbridge.tickets.model import Approval, ApprovalKind
from mailbridge.tickets.stored_commands import Unreadable, commands_of


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCommands:
    """What an approval holds: commands, the numbers of the tickets they are for, and what a yes to it settles."""

    commands: tuple[Command, ...]
    tickets: tuple[int, ...]
    agreed: frozenset[str]
    unreadable: bool = False


def waiting_for(ticket: int, approval: Approval, organisation: Organisation) -> HeldCommands:
    """What waits under this approval of the ticket.  One that an older program kept as its line is understood as its asker meant it on the
    day it was written; so is one whose stored commands cannot be read, but that one has to be asked about again."""
    if not approval.commands:
        return _of_its_line(ticket, approval, organisation)
    tickets, agreed = approval.tickets or (ticket,), frozenset((*approval.agreed, approval.why))
    try:
        return HeldCommands(commands=commands_of(approval.commands), tickets=tickets, agreed=agreed)
    except Unreadable:
        commands = _understood(approval, organisation).commands
        return HeldCommands(commands=commands, tickets=tickets, agreed=agreed, unreadable=True)


def _of_its_line(ticket: int, approval: Approval, organisation: Organisation) -> HeldCommands:
    """A line for several tickets was asked about once for all of them where they were many, and else once on each of them.  It did not
    say which matter it was asked about: a manager's yes is to every matter of managers on that ticket."""
    line = _understood(approval, organisation)
    if approval.kind is ApprovalKind.APPROVAL:
        return HeldCommands(commands=line.commands, tickets=(ticket,), agreed=frozenset(ApprovalTrigger))
    if len(line.tickets) > organisation.consent.many or (line.tickets and ticket not in line.tickets):
        return HeldCommands(commands=line.commands, tickets=line.tickets, agreed=frozenset({MANY}))
    return HeldCommands(commands=line.commands, tickets=(ticket,), agreed=OWN_YES)


def _understood(approval: Approval, organisation: Organisation) -> CommandLine:
    line = understand(approval.line, author_of(approval.asker, organisation, approval.asked_at))
    return on_a_ticket(line)
