"""Commands that their author has to confirm, because they cannot be undone or affect other people's tickets.

One pure function for each command: '' where there is no risk, else the key of the reason (`whys` in `delivery.render.words`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mailbridge.customers.model import Customers
from mailbridge.organisation.model import Organisation
from mailbridge.tickets.command_context import CommandContext
from mailbridge.tickets.command_types.mails import AgentReply
from mailbridge.tickets.command_types.relations import Erase, Merge
from mailbridge.tickets.commands import Command
from mailbridge.tickets.handlers.surviving import surviving
from mailbridge.tickets.model import LIST_FIELD, Ticket

MANY = "many"  # one request changes more tickets at once than `ApprovalPolicy.many` allows
OWN_YES = frozenset(
    {"answered-meanwhile", "short-answer", "line-not-understood", "no-certificate", "list-answer", "erase", "merge-customers"}
)

Risk = Callable[[Ticket, Any, CommandContext], str]


def answer(ticket: Ticket, command: AgentReply, about: CommandContext) -> str:
    """The reply is perhaps for the desk, or goes to a mailing list, or a colleague has already replied since the mail that it answers."""
    if command.doubt and command.doubt not in about.agreed:
        return command.doubt
    if "list-answer" not in about.agreed and any(is_list(ticket, participant.address) for participant in ticket.participants):
        return "list-answer"
    if about.seen_at is None or ticket.answered_at is None or ticket.answered_by == about.actor.name:
        return ""
    return "answered-meanwhile" if ticket.answered_at > about.seen_at else ""


def is_list(ticket: Ticket, address: str) -> bool:
    """Whether the ticket came from a mailing list with this address."""
    return bool(address) and dict(ticket.fields).get(LIST_FIELD, "").lower() == address.lower()


def erase(ticket: Ticket, command: Erase, about: CommandContext) -> str:
    return "erase"


def merge(ticket: Ticket, command: Merge, about: CommandContext) -> str:
    """A person on one ticket would read mails of another customer: the requester or another participant is no colleague of those on the
    other ticket."""
    other = surviving(command.into, about.tickets)
    if other is None:
        return ""
    here, there = (customers_on(one, about.customers, about.organisation) for one in (ticket, other))
    return "merge-customers" if here != there else ""


def customers_on(ticket: Ticket, known: Customers, organisation: Organisation) -> frozenset[str]:
    """The customers of the people on the ticket, by name; people without a customer by their address.  Agents are left out."""
    people = (person.address.lower() for person in ticket.participants if person.address)
    return frozenset(_customer(address, known) for address in people if organisation.agent_of(address) is None)


def _customer(address: str, known: Customers) -> str:
    customer = known.of(address)
    return customer.name if customer else address


RISKS: Mapping[type[Command], Risk] = {AgentReply: answer, Erase: erase, Merge: merge}
