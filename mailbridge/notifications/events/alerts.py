"""Clocks that speak: promised moments, the agent's own date, the end of a sleep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mailbridge.notifications.context import NotificationContext, notifications_to
from mailbridge.notifications.model import Audience, Class, Notification
from mailbridge.notifications.payloads.tickets import Alert
from mailbridge.notifications.recipients import managers, responsible
from mailbridge.tickets.event_types.escalation import AlertRaised
from mailbridge.tickets.event_types.values import SnoozeEnded
from mailbridge.tickets.events import Event
from mailbridge.tickets.handlers.work import OVER


def alert(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    what = event.what
    if not isinstance(what, AlertRaised):
        return
    payload = Alert(promise=what.promise, due_at=what.due_at)
    if what.alert == OVER:  # no moment that came, but work that passed what was thought
        told = notifications_to(responsible(context.ticket, context.organisation, event.at), Audience.AGENT, OVER, context)
    elif what.alert in ("warning", "due"):
        told = notifications_to(
            responsible(context.ticket, context.organisation, event.at), Audience.AGENT, what.alert, context, payload=payload
        )
    else:
        told = notifications_to(
            managers(context.ticket, context.organisation, event.at), Audience.MANAGER, what.alert, context, payload=payload
        )
    for promise in told:
        yield replace(promise, class_=Class.REMINDER)


def snooze_ended(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """Who has the ticket hears that it is back; where a mail woke it, that mail says so."""
    what = event.what
    if isinstance(what, SnoozeEnded) and not what.by_mail:
        told = responsible(context.ticket, context.organisation, event.at)
        yield from notifications_to(told, Audience.AGENT, "awake", context, but=event.actor)
