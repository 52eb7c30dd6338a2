"""What a clock raises: an alert, or the next step of the question to a customer's contact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailbridge.notifications.context import NotificationContext
from mailbridge.notifications.events import alerts
from mailbridge.notifications.events.asking import contact_reminded, contact_silent
from mailbridge.notifications.model import Notification
from mailbridge.tickets.deadlines import QUESTION, REMIND
from mailbridge.tickets.event_types.escalation import AlertRaised
from mailbridge.tickets.events import Event


def raised(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    what = event.what
    if isinstance(what, AlertRaised) and what.promise == QUESTION:
        return contact_reminded(context) if what.alert == REMIND else contact_silent(event, context)
    return alerts.alert(event, events, context)
