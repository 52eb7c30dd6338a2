"""A ticket as a row of a list in a mail."""

from __future__ import annotations

from typing import TypedDict

from mailbridge.conversation.tokens import Purpose
from mailbridge.execution.desk import Desk
from mailbridge.ids import ticket_number
from mailbridge.organisation import transitions
from mailbridge.tickets.model import Ticket


class TicketCells(TypedDict):
    """The fields that every such row has (`TicketRow`, `AlertRow`, `CollectedRow`)."""

    number: str
    address: str
    subject: str
    requester: str
    status: str
    priority: str
    assignee: str


def ticket_cells(ticket: Ticket, recipient: str, language: str, desk: Desk) -> TicketCells:
    """The cells for this recipient: `address` is where the recipient's commands for the ticket are sent, '' for no recipient."""
    organisation = desk.organisation
    agent = organisation.agents.get(ticket.assignee)
    return TicketCells(
        number=ticket_number(desk.config.desk.prefix, ticket.id),
        address=desk.signer.reply_address(ticket.id, recipient, Purpose.AGENT) if recipient else "",
        subject=one_line(ticket.subject),
        requester=requester_name(ticket),
        status=transitions.status(ticket.status, organisation).title_in(language),
        priority=ticket.priority,
        assignee=agent.title if agent else "",
    )


def requester_name(ticket: Ticket) -> str:
    """The requester's name, else the address; '' where there is none."""
    person = ticket.requester
    return one_line(person.name or person.address) if person else ""


def one_line(text: str) -> str:
    """The text with single blanks in the place of line ends and tabs."""
    return " ".join(text.split())
