"""Mails about what a first connect brought wait until an admin has looked at it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from mailbridge.outbox.model import Audience, Queued
from mailbridge.outbox.suppression import RECEIPT
from mailbridge.store.tx import Tx

PORTION = 1000
DISCARDED = "discarded by an admin: mailbridge release --discard"
ANSWERED = "the customer was answered before the release"


@dataclass(slots=True)
class Waiting:
    """What waits: mails by audience and event, tickets and people."""

    mails: Counter[str] = field(default_factory=Counter)
    tickets: set[int] = field(default_factory=set)
    people: set[str] = field(default_factory=set)

    def count(self, one: Queued) -> None:
        self.mails[f"{one.notification.audience}.{one.notification.event}"] += 1
        self.tickets.add(one.notification.ticket or 0)
        self.people.add(one.notification.recipient)


def waiting(tx: Tx) -> Waiting:
    found = Waiting()
    for one in tx.outbox.for_release():
        found.count(one)
    return found


def release(tx: Tx, now: datetime) -> Waiting:
    """A portion of what waited goes out: agents get it in one mail a team, customers one by one, under caps.  A receipt is left out where
    the customer was answered meanwhile."""
    done = Waiting()
    for one in tx.outbox.for_release(PORTION):
        if one.notification.audience is Audience.AGENT:
            tx.outbox.gather(one.id, now)
        elif one.notification.event == RECEIPT and _answered(tx, one):
            tx.outbox.suppress(one.id, ANSWERED, now)
            continue
        else:
            tx.outbox.let_go(one.id, now)
        done.count(one)
    tx.wake("outbox")
    return done


def discard(tx: Tx, now: datetime) -> Waiting:
    """A portion of what waited never goes out; the tickets stay as they are."""
    done = Waiting()
    for one in tx.outbox.for_release(PORTION):
        tx.outbox.suppress(one.id, DISCARDED, now)
        done.count(one)
    return done


def _answered(tx: Tx, one: Queued) -> bool:
    ticket = tx.tickets.get(one.notification.ticket) if one.notification.ticket else None
    return ticket is None or ticket.first_answered_at is not None or ticket.closed_at is not None
