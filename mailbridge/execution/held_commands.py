"""The request of an approval, read from its stored commands or, from older versions, from its line."""

from __future__ import annotations

from dataclasses import dataclass

from mailbridge.mail_commands.author import author_of
from mailbridge.mail_commands.model import CommandLine
from mailbridge.mail_commands.reading import on_a_ticket, understand
from mailbridge.organisation.approval_policy import ApprovalTrigger
from mailbridge.organisation.model import Organisation
from mailbridge.tickets.commands import Command
from mailbridge.tickets.handlers.risks import MANY, OWN_YES
from mailbridge.tickets.model import Approval, ApprovalKind
from mailbridge.tickets.stored_commands import Unreadable, commands_of


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCommands:
    """The request of an approval: its commands, the tickets they are for, and the triggers that an approval covers."""

    commands: tuple[Command, ...]
    tickets: tuple[int, ...]
    agreed: frozenset[str]
    unreadable: bool = False


def waiting_for(ticket: int, approval: Approval, organisation: Organisation) -> HeldCommands:
    """The held request of this approval.  A line from an older version is parsed as on the day it was written.  So is a line whose stored
    commands cannot be read; that one has to be approved again."""
    if not approval.commands:
        return _of_its_line(ticket, approval, organisation)
    tickets, agreed = approval.tickets or (ticket,), frozenset((*approval.agreed, approval.why))
    try:
        return HeldCommands(commands=commands_of(approval.commands), tickets=tickets, agreed=agreed)
    except Unreadable:
        commands = _understood(approval, organisation).commands
        return HeldCommands(commands=commands, tickets=tickets, agreed=agreed, unreadable=True)


def _of_its_line(ticket: int, approval: Approval, organisation: Organisation) -> HeldCommands:
    """A line for several tickets was asked about once for all of them where they were many, else once on each.  It did not store its
    trigger: a manager's approval covers all managers' triggers on that ticket."""
    line = _understood(approval, organisation)
    if approval.kind is ApprovalKind.APPROVAL:
        return HeldCommands(commands=line.commands, tickets=(ticket,), agreed=frozenset(ApprovalTrigger))
    if len(line.tickets) > organisation.approval_policy.many or (line.tickets and ticket not in line.tickets):
        return HeldCommands(commands=line.commands, tickets=line.tickets, agreed=frozenset({MANY}))
    return HeldCommands(commands=line.commands, tickets=(ticket,), agreed=OWN_YES)


def _understood(approval: Approval, organisation: Organisation) -> CommandLine:
    line = understand(approval.line, author_of(approval.asker, organisation, approval.asked_at))
    return on_a_ticket(line)
