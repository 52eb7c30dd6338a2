"""When an agent's mail about a customer's is held, to be told with others in one mail.

A backlog (the desk, its database or the mailbox was away) and a burst would bury agents in mails.  Each mail is promised as ever; held
ones are listed in one mail a recipient and team by `jobs.bundles`.  What is urgent is told at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mailbridge.execution.desk import Desk
from mailbridge.notifications.model import Audience, Notification
from mailbridge.organisation.model import Priority
from mailbridge.store.schema import FOR_RELEASE
from mailbridge.store.tx import Tx
from mailbridge.tickets.model import Ticket

BUNDLED = ("new", "customer_replied")  # of agents' mails: what customers cause
LATE = timedelta(minutes=10)  # a mail that came this long ago waited because something was away
GATHER = timedelta(seconds=30)  # how long mails of a backlog are gathered, while more of them wait
WINDOW = timedelta(minutes=10)  # in which an agent gets `limits.agent_mails_at_once` single mails
PAUSE = timedelta(minutes=5)  # between two mails that tell of a burst


def held_until(
    tx: Tx, promise: Notification, ticket: Ticket, desk: Desk, now: datetime, *, came_at: datetime | None, for_release: bool
) -> datetime | None:
    """Until when the promise is held; None: it goes out at once.  `came_at`: when the customer's mail came that is told."""
    if for_release and promise.automatic:
        return FOR_RELEASE
    if promise.audience is not Audience.AGENT or promise.event not in BUNDLED or ticket.priority is Priority.URGENT:
        return None
    if dict(promise.values).get("grouped"):  # of a flood of one sender only some mails are told; they say how many there were
        return None
    if came_at is not None and now - came_at >= LATE:
        return now + GATHER
    most = desk.config.limits.agent_mails_at_once
    if tx.outbox.told_since(promise.recipient, now - WINDOW, BUNDLED, most) >= most:
        return now + PAUSE
    return None
