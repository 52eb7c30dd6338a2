"""The sweep: every promised moment that has come is told, exactly once, however many sweepers run and however late they are."""

from __future__ import annotations

from datetime import datetime

from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import Telling, execute
from mailbridge.jobs.handover import hand_over
from mailbridge.ops import crash
from mailbridge.store.clocks import Due
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx
from mailbridge.tickets.deadlines import BY_HAND, REGION, commands_of
from mailbridge.tickets.events import Actor, ActorKind
from mailbridge.tickets.requests import each

PORTION = 100


def sweep(store: Store, desk: Desk, now: datetime) -> int:
    """All moments up to `now` have been told; how many there were."""
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
    # Where other sweepers won every race there is nothing left for us in this portion; the next look sees what is left.
    return won


def _raise(tx: Tx, due: Due, desk: Desk, now: datetime) -> bool:
    """Tells one moment; False where another sweeper was first or the ticket is gone.

    A daemon that was down may find moments at night: the mail is held until the team works again, but for moments that somebody chose.
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
