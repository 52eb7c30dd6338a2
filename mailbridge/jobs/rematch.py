"""Applies changed customers to open tickets: chooses their contracts again.

The previous result is computed from the rules that were in force then, which the store keeps.  A contract or level that a rule or a person
chose is different from it and stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mailbridge.customers.model import Customers
from mailbridge.customers.overlay import merged
from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import Telling, execute
from mailbridge.organisation.playbooks import TASK_CHANNEL
from mailbridge.rules.load import load
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.command_types.values import MatchContract
from mailbridge.tickets.handlers.contracts import CALENDAR, cover_of, is_chosen_by
from mailbridge.tickets.model import IMPORTED, Ticket
from mailbridge.tickets.requests import each

ACTOR = Actor(kind=ActorKind.SYSTEM, name="rules")
NO_CONTRACT = (TASK_CHANNEL, IMPORTED)  # channels of tickets without a waiting customer


def customers_before(tx: Tx, versions: Sequence[str], desk: Desk) -> tuple[Customers, ...]:
    """The customers of these versions of the rules with the overlay, without those equal to the current ones.

    A version that this program cannot read any more is left out.
    """
    overlay = desk.policy.rules.customers.overlay
    files = (_customers(version, tx) for version in versions if version != desk.policy.version)
    found = (merged(one, overlay.values()) for one in files if one is not None)
    return tuple(one for one in found if one.by_name != desk.policy.rules.customers.by_name)


def rematch(tx: Tx, desk: Desk, ticket: Ticket, before: Sequence[Customers], now: datetime) -> Ticket:
    """The ticket with its contract by the current customers and its clocks set; unchanged if that is the same.  Raises Transient."""
    if not before or ticket.closed_at is not None or ticket.merged_into is not None or ticket.channel in NO_CONTRACT:
        return ticket
    day = desk.organisation.day_of(ticket.created_at)
    was = tuple(found for customers in before if is_chosen_by(found := cover_of(ticket, customers, day), ticket))
    wanted = cover_of(ticket, desk.policy.rules.customers, day)
    same = is_chosen_by(wanted, ticket) and dict(ticket.fields).get(CALENDAR, "") == wanted.calendar
    if not was or (same and all(one.project == wanted.project for one in was)):
        return ticket
    done = execute(tx, desk, ticket, each([MatchContract(was=was)]), ACTOR, now, telling=Telling(silent=True))
    return done.decision.ticket or ticket


def _customers(version: str, tx: Tx) -> Customers | None:
    texts = tx.policies.get(version)
    policy = load(texts).policy if texts else None
    return policy.rules.customers if policy else None
