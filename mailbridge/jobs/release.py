"""Notifications that wait for an administrator: those of a first connection to a mailbox, and those held after a restore."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailbridge.execution.bundling import BUNDLED
from mailbridge.notifications.limits import RECEIPT
from mailbridge.notifications.model import Audience, Queued
from mailbridge.store import restoring
from mailbridge.store.outbox import ENOUGH
from mailbridge.store.tx import Tx

BATCH = 1000
DISCARDED = "discarded by an admin: mailbridge release --discard"
ANSWERED = "the customer was answered before the release"


class Why(StrEnum):
    """Why a notification waits for an administrator."""

    FIRST_CONNECT = "first-connect"
    RESTORE = "restore"


EITHER = tuple(Why)


@dataclass(slots=True)
class WaitingNotifications:
    """Counts of waiting notifications: mails by reason and kind, the tickets, and the recipients."""

    mails: Counter[tuple[Why, str]] = field(default_factory=Counter)
    tickets: set[int] = field(default_factory=set)
    people: set[str] = field(default_factory=set)

    def count(self, why: Why, one: Queued) -> None:
        self.mails[why, f"{one.notification.audience}.{one.notification.event}"] += 1
        if one.notification.ticket:
            self.tickets.add(one.notification.ticket)
        self.people.add(one.notification.recipient)


def waiting(tx: Tx, which: Sequence[Why] = EITHER) -> WaitingNotifications:
    found = WaitingNotifications()
    for why in which:
        for one in _of(tx, why):
            found.count(why, one)
    return found


def release(tx: Tx, now: datetime, which: Sequence[Why] = EITHER) -> WaitingNotifications:
    """Sends a batch of the waiting notifications.  Returns the counts of the batch."""
    done = WaitingNotifications()
    for why in which:
        batch = _of(tx, why, BATCH)
        if why is Why.FIRST_CONNECT:
            _release_first_connect(tx, batch, now, done)
        else:
            _release_kept_back(tx, batch, now, done)
    tx.wake("outbox")
    return done


def discard(tx: Tx, now: datetime, which: Sequence[Why] = EITHER) -> WaitingNotifications:
    """Discards a batch of the waiting notifications.  Tickets do not change.  Returns the counts of the batch."""
    done = WaitingNotifications()
    for why in which:
        for one in _of(tx, why, BATCH):
            tx.outbox.suppress(one.id, DISCARDED, now)
            done.count(why, one)
    return done


def _of(tx: Tx, why: Why, limit: int = ENOUGH) -> Sequence[Queued]:
    return tx.outbox.of_first_connect(limit) if why is Why.FIRST_CONNECT else tx.outbox.kept_back(limit)


def _release_kept_back(tx: Tx, batch: Sequence[Queued], now: datetime, done: WaitingNotifications) -> None:
    """Sends each as stored.  A notification that was sent after the backup is sent a second time."""
    for one in batch:
        tx.outbox.requeue(one.id, now)
        done.count(Why.RESTORE, one)
    restoring.release(tx.state, [one.id for one in batch], now)


def _release_first_connect(tx: Tx, batch: Sequence[Queued], now: datetime, done: WaitingNotifications) -> None:
    """Sends agents one list of customers' mails for each team, and everything else as it is, under the limits.

    A receipt is discarded if the customer has been answered meanwhile.
    """
    for one in batch:
        if one.notification.audience is Audience.AGENT and one.notification.event in BUNDLED:
            tx.outbox.bundle(one.id, now)
        elif one.notification.event == RECEIPT and _answered(tx, one):
            tx.outbox.suppress(one.id, ANSWERED, now)
            continue
        else:
            tx.outbox.let_go(one.id, now)
        done.count(Why.FIRST_CONNECT, one)


def _answered(tx: Tx, one: Queued) -> bool:
    ticket = tx.tickets.get(one.notification.ticket) if one.notification.ticket else None
    return ticket is None or ticket.first_answered_at is not None or ticket.closed_at is not None
