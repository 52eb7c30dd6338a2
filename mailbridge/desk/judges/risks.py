"""Commands so risky that the one who wants them is asked again: they cannot be taken back, or touch what is another's.

One small pure function a command: '' where nothing is risky, else the key of why it is asked (`whys` in words.j2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mailbridge.desk.circumstances import Circumstances
from mailbridge.desk.commands import Answer, Command, Erase, Merge
from mailbridge.desk.model import Ticket

Risk = Callable[[Ticket, Any, Circumstances], str]


def answer(ticket: Ticket, command: Answer, about: Circumstances) -> str:
    """The customer would get two answers, the second by somebody who has not seen the first."""
    if about.seen_at is None or ticket.answered_at is None or ticket.answered_by == about.actor.name:
        return ""
    return "answered-meanwhile" if ticket.answered_at > about.seen_at else ""


def erase(ticket: Ticket, command: Erase, about: Circumstances) -> str:
    return "erase"


def merge(ticket: Ticket, command: Merge, about: Circumstances) -> str:
    """People of one customer would read what another wrote."""
    other = about.tickets.get(command.into)
    return "merge-customers" if other is not None and _customer(ticket, about) != _customer(other, about) else ""


def _customer(ticket: Ticket, about: Circumstances) -> str:
    """Whom the ticket is for: the customer's name, else the requester's own address."""
    address = ticket.requester.address.lower() if ticket.requester else ""
    known = about.customers.of(address) if address else None
    return known.name if known else address


RISKS: Mapping[type[Command], Risk] = {Answer: answer, Erase: erase, Merge: merge}
