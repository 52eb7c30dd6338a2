"""The sweep: fires every deadline that is due exactly once, with any number of sweepers and after any delay."""

from __future__ import annotations

from datetime import datetime

from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import Telling, execute
from mailbridge.jobs.handover import hand_over
from mailbridge.ops import crash
from mailbridge.store.clocks import Due
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.deadlines import BY_HAND, REGION, commands_of
from mailbridge.tickets.requests import each

PORTION = 100


def sweep(store: Store, desk: Desk, now: datetime) -> int:
    """Fires all deadlines up to `now`; how many."""
    told = 0
    while fired := _portion(store, desk, now):
        told += fired
    return told


def _portion(store: Store, desk: Desk, now: datetime) -> int:
    with store.read() as tx:
        due = tx.clocks.due(now, PORTION)
    if not due:
        return 0
    with store.write() as tx:
        won = sum(_raise(tx, one, desk, now) for one in due)
        crash.point("sweep.before_commit")
    crash.point("sweep.after_commit")
    # Other sweepers fired all deadlines of this portion. The next sweep takes the rest.
    return won


def _raise(tx: Tx, due: Due, desk: Desk, now: datetime) -> bool:
    """Fires one deadline.  False where another sweeper was first or the ticket is gone.

    After a downtime a deadline may fire at night: its mails are held until the team works, except for deadlines that a person set.
    """
    if not tx.clocks.fire(due.id, now):
        return False
    ticket = tx.tickets.get(due.ticket)
    if ticket is None:
        return False
    moment = due.deadline
    if moment.promise == REGION:
        return hand_over(tx, ticket, desk, now)
    asked = commands_of(moment, ticket, desk.organisation)
    telling = Telling(in_working_hours=moment.promise not in BY_HAND)
    execute(tx, desk, ticket, each(asked), Actor(kind=ActorKind.CLOCK, name=moment.promise), now, telling=telling)
    return True
