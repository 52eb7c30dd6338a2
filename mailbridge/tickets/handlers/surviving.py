"""Finds the ticket that a number stands for after merges."""

from __future__ import annotations

from collections.abc import Mapping

from mailbridge.tickets.model import Ticket


def surviving(number: int, tickets: Mapping[int, Ticket]) -> Ticket | None:
    """The survivor where this number was merged, else the ticket itself; None where it is not among `tickets`."""
    ticket, passed = tickets.get(number), {number}
    while ticket is not None and ticket.merged_into is not None and ticket.merged_into not in passed:
        passed.add(ticket.merged_into)
        ticket = tickets.get(ticket.merged_into)
    return ticket
