"""What a consultant from outside answers to the desk's question: a note for the agents, whatever it says.  No line of it is a command, and
nothing of it reaches the customer."""

from __future__ import annotations

from mailbridge.handling.new_ticket import Filing
from mailbridge.handling.outcome import MailOutcome, MailResult
from mailbridge.tickets.commands import InternalNote
from mailbridge.tickets.events import Actor, ActorKind
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.requests import each


def file_consultants_answer(filing: Filing, ticket: Ticket) -> MailResult:
    """The mail is on the ticket as a note, and whoever has the ticket was told."""
    mail = filing.store_mail(ticket=ticket.id, internal=True)
    actor = Actor(kind=ActorKind.CONSULTANT, name=filing.writer.consultant)
    filing.execute(ticket, each([InternalNote()]), mail, actor=actor)
    return MailResult(outcome=MailOutcome.APPEND, ticket=ticket.id, mail=mail)
