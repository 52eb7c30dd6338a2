"""Decides when a notification is held and later combined with others into one mail.

Of the acknowledgements to one person the first goes out at once, those of the next minutes in one mail (`jobs.receipts`).  A backlog (the
desk, its database or the mailbox was away) or a burst would flood agents with mails.  Each notification is stored as usual.
`jobs.bundles` lists the held ones in one mail for each recipient and team.  Urgent ones go out at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mailbridge.execution.desk import Desk
from mailbridge.notifications.events.alerts import ALERTS, CALM
from mailbridge.notifications.limits import RECEIPT, RECEIPTS
from mailbridge.notifications.model import Audience, Notification
from mailbridge.notifications.payloads.tickets import CustomerReplied
from mailbridge.organisation.priority import Priority
from mailbridge.store.tables.outgoing import FOR_RELEASE
from mailbridge.store.tx import Tx
from mailbridge.tickets.model import Ticket

BUNDLED = ("new", "customer_replied")  # the agents' notifications that customers cause
LATE = timedelta(minutes=10)  # an older mail waited because something was away
COLLECT_FOR = timedelta(seconds=30)  # how long notifications of a backlog are collected while more mails wait
WINDOW = timedelta(minutes=10)  # the time in which an agent gets `limits.agent_mails_at_once` single mails
PAUSE = timedelta(minutes=5)  # between two bundles of a burst


TOLD = "told with others in one mail: "  # `error` of a mail that another one told, followed by the key of that mail
DIGEST = "alerts"  # the mail that lists alerts
CALM_EVERY = timedelta(hours=1)  # a person gets at most one mail about unclaimed and silent tickets in each hour by the clock


def held_until(
    tx: Tx,
    notification: Notification,
    ticket: Ticket,
    desk: Desk,
    now: datetime,
    *,
    came_at: datetime | None,
    for_release: bool,
    tell_at: datetime | None = None,
    again: bool = False,
) -> datetime | None:
    """Until when the notification is held; None: it goes out at once.

    `came_at`: when the customer's mail was received.  `tell_at`: when the team works.  `again`: its writer got a receipt
    within the hour.
    """
    if for_release and notification.automatic:
        return FOR_RELEASE
    if notification.audience is Audience.CUSTOMER and notification.event == RECEIPT:
        return _with_other_receipts(tx, notification, desk, now) if again else None
    if notification.event in ALERTS and notification.audience in (Audience.AGENT, Audience.MANAGER):
        return max(_with_others(tx, notification, ticket, desk, now), tell_at or now)
    if notification.audience is not Audience.AGENT or notification.event not in BUNDLED or ticket.priority is Priority.URGENT:
        return None
    if isinstance(notification.payload, CustomerReplied) and notification.payload.grouped:  # some mails of a flood, with its count
        return None
    if came_at is not None and now - came_at >= LATE:
        return now + COLLECT_FOR
    most = desk.config.limits.agent_mails_at_once
    if tx.outbox.has_told(notification.recipient, now - WINDOW, BUNDLED, most):
        return now + PAUSE
    return None


def _with_other_receipts(tx: Tx, notification: Notification, desk: Desk, now: datetime) -> datetime | None:
    """The end of the time that began with the latest receipt to this person; None where it is over.  Further requests do not move it."""
    window = timedelta(minutes=desk.config.limits.receipts_together_minutes)
    if not window:
        return None
    latest = tx.outbox.latest(notification.recipient, now - window, RECEIPTS)
    if latest is None:
        return None
    made_at, held = latest
    return held if held is not None and held < FOR_RELEASE else made_at + window


def _with_others(tx: Tx, notification: Notification, ticket: Ticket, desk: Desk, now: datetime) -> datetime:
    """When an alert goes out, so that its recipient gets one mail and not many.  What fires at the same moment is one mail anyway."""
    if notification.event in CALM and ticket.priority is not Priority.URGENT:
        hour = now.replace(minute=0, second=0, microsecond=0)
        return hour + CALM_EVERY if tx.outbox.told_between(notification.recipient, hour, now, (*CALM, DIGEST), 1) else now
    most = desk.config.limits.agent_mails_at_once
    many = tx.outbox.told_between(notification.recipient, now - WINDOW, now, (*ALERTS, DIGEST), most)
    return now + PAUSE if many >= most else now
