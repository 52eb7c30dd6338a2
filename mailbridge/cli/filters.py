"""Errors for filters with an unknown name; they suggest the nearest known name.

Names are checked only where nothing was found: tickets may have names that the rules no longer contain.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mailbridge.errors import MailbridgeError, Permanent

if TYPE_CHECKING:
    from mailbridge.organisation.model import Organisation
    from mailbridge.store.tx import Tx

LOOKED_AT = 1000  # tickets whose requesters are compared with an address


def known_or_told(kind: str, name: str, known: Iterable[str]) -> None:
    """Raises Permanent where `name` is not in `known`.  The error suggests the nearest name."""
    from mailbridge.config.suggest import did_you_mean

    names = list(known)
    if name not in names:
        raise Permanent(f'there is no {kind} "{name}"; {did_you_mean(name, names) if names else "there is none at all"}')


def look_at_names(tx: Tx, folder: Path, *, team: str | None, status: str | None, assignee: str | None) -> None:
    """Raises Permanent where neither the rules nor any ticket have a name.  Checks nothing where the rules cannot be loaded."""
    organisation = _organisation(folder)
    if organisation is None:
        return
    if team and not tx.tickets.find(team=team, limit=1):
        known_or_told("team", team, organisation.teams)
    if status and not tx.tickets.find(status=status, limit=1):
        known_or_told("status", status, organisation.statuses)
    if assignee and not tx.tickets.find(assignee=assignee, limit=1):
        known_or_told("agent", assignee, organisation.agents)


def _organisation(folder: Path) -> Organisation | None:
    from mailbridge.cli.policy import policy_of

    try:
        return policy_of(folder).organisation
    except (MailbridgeError, OSError):
        return None


def about_customer(tx: Tx, address: str | None) -> str:
    """Explains why no ticket was found for an address: invalid, or unknown; '' where a ticket has it."""
    from mailbridge.config.suggest import nearest

    if not address or tx.tickets.find(requester=address, limit=1):
        return ""
    local, _, domain = address.lower().rpartition("@")
    if not local or not domain:
        return f'"{address}" is not a mail address; write it like carol@customer.example'
    tickets = [ticket for part in (local, domain) for ticket in tx.tickets.find(text=part, limit=LOOKED_AT)]
    near = nearest(address, {one.requester.address.lower() for one in tickets if one.requester})
    return f"no ticket is from {address}" + (f"; did you mean {near}?" if near else "")
