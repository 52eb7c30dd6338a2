"""The sweep: fires each due deadline exactly once, with any number of processes and after any delay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from mailbridge.execution.desk import Desk
from mailbridge.execution.execute import Telling, execute
from mailbridge.execution.open_targets import target_at
from mailbridge.execution.webhooks import queue_level_calls
from mailbridge.ids import ticket_number
from mailbridge.jobs.attempts import Attempt, Item, run_batch
from mailbridge.jobs.handover import hand_over
from mailbridge.ops import crash
from mailbridge.store.clocks import Due
from mailbridge.store.engine import Store
from mailbridge.store.tx import Tx
from mailbridge.tickets.actor import Actor, ActorKind
from mailbridge.tickets.deadlines import BY_HAND, QUESTION, REGION, SEND, commands_of, has_ladder, level_at
from mailbridge.tickets.model import Ticket
from mailbridge.tickets.requests import each

JOB = "sweep"
BATCH = 100


def sweep(store: Store, desk: Desk, now: datetime) -> int:
    """Fires all deadlines that are due at `now`.  Returns their number.

    A deadline whose action raises delays no other one: it stays due and is tried again later.
    """
    told = 0
    while fired := _batch(store, desk, now):
        told += fired
    with store.read() as tx:
        retried = bool(tx.job_failures.due(JOB, now, 1))
    if retried:
        with store.write() as tx:
            tx.job_failures.forget_retried(JOB, now)
    return told


def _batch(store: Store, desk: Desk, now: datetime) -> int:
    with store.read() as tx:
        due = tx.clocks.due(now, BATCH)
    if not due:
        return 0
    won = run_batch(store, lambda tx, attempt: _fire_batch(tx, attempt, due, desk, now))
    crash.point("sweep.after_commit")
    # Other processes fired all deadlines of this batch.  The next sweep takes the rest.
    return won


def _fire_batch(tx: Tx, attempt: Attempt, due: Sequence[Due], desk: Desk, now: datetime) -> int:
    fired = _fire(tx, attempt, due, desk, now)
    crash.point("sweep.before_commit")
    return fired


def _fire(tx: Tx, attempt: Attempt, due: Sequence[Due], desk: Desk, now: datetime) -> int:
    """Fires these deadlines and all others that are due on the same tickets.  Returns their number, with those that failed.

    All are fired before the first one acts.  An action may change the deadlines of the ticket, but deadlines that were reached before that
    still act.  A deadline that fails is due again.
    """
    won = [one for one in due if tx.clocks.fire(one.id, now)]
    if len(due) == BATCH:  # the batch may contain only some deadlines of its last ticket
        for ticket in dict.fromkeys(one.ticket for one in won):
            won += [one for one in tx.clocks.due_of(ticket, now) if tx.clocks.fire(one.id, now)]
    for one in _without_repeats(won):
        if attempt(tx, _item(one, desk), now, partial(_raise, tx, one, desk, now)) is None:
            tx.clocks.run_again(one.id)
    return len(won)


def _item(due: Due, desk: Desk) -> Item:
    about = f"{ticket_number(desk.config.desk.prefix, due.ticket)}, {due.deadline.promise}: {due.deadline.step}"
    return Item(job=JOB, key=str(due.id), about=about)


def _without_repeats(won: Sequence[Due]) -> list[Due]:
    """One deadline for each alert: after a long downtime an alert and its reminders may be due together."""
    return list({one.alert: one for one in reversed(won)}.values())[::-1]


def _raise(tx: Tx, due: Due, desk: Desk, now: datetime) -> bool:
    """Executes the action of this deadline; whether the ticket still exists."""
    ticket = tx.tickets.get(due.ticket)
    if ticket is None:
        return False
    moment = due.deadline
    if moment.promise == REGION:
        hand_over(tx, ticket, desk, now)
    elif has_ladder(moment, ticket, desk.organisation):
        _climb(tx, due, ticket, desk, now)
    else:
        asked = commands_of(moment, ticket, desk.organisation)
        # After a downtime a deadline may fire at night.  Its mails are held until working hours, except for deadlines that a person set.
        quoted = next((mail.id for mail in tx.mails.of_ticket(ticket.id)), None) if moment.promise == QUESTION else None
        by_hand = moment.promise in BY_HAND or moment.step == SEND
        telling = Telling(in_working_hours=not by_hand, mail=quoted, answerable=moment.step == SEND)
        execute(tx, desk, ticket, each(asked), Actor(kind=ActorKind.CLOCK, name=moment.promise), now, telling=telling)
    return True


def _climb(tx: Tx, due: Due, ticket: Ticket, desk: Desk, now: datetime) -> None:
    """Executes the actions of a level of the ladder if the ticket meets its conditions."""
    moment = due.deadline
    level = level_at(moment, ticket, desk.organisation)
    asked = commands_of(moment, ticket, desk.organisation, target_at=target_at(tx, due))
    if not asked:
        return
    telling = Telling(in_working_hours=level is None or level.in_hours)
    executed = execute(tx, desk, ticket, each(asked), Actor(kind=ActorKind.CLOCK, name=moment.promise), now, telling=telling)
    if level is not None and level.webhook and executed.decision.ticket is not None:
        queue_level_calls(tx, executed.decision.ticket, level.webhook, due, prefix=desk.config.desk.prefix, now=now)
