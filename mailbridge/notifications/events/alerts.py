"""Clocks that speak: promised moments, the agent's own date, the end of a sleep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mailbridge.notifications.context import NotificationContext, notifications_to
from mailbridge.notifications.model import Audience, Class, Notification
from mailbridge.notifications.payloads.tickets import Alert, LevelReached, RuleActed
from mailbridge.notifications.recipients import at_level, managers, named, responsible
from mailbridge.tickets.deadlines import RULE, share_of
from mailbridge.tickets.event_types.escalation import AlertRaised
from mailbridge.tickets.event_types.values import SnoozeEnded
from mailbridge.tickets.events import Event
from mailbridge.tickets.handlers.work import OVER

LEVEL = "level"
BY_RULE = "rule"
ALERTS = ("warning", "due", "overdue", "unclaimed", "silent", LEVEL, BY_RULE)
"""The notifications that clocks raise; several for one person go into one mail."""
CALM = ("unclaimed", "silent")
"""Those of them that can wait for others of the same hour."""


def alert(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    what = event.what
    if isinstance(what, AlertRaised):
        yield from (replace(promise, class_=Class.REMINDER) for promise in _told(what, event, context))


def _told(what: AlertRaised, event: Event, context: NotificationContext) -> Iterator[Notification]:
    ticket, organisation = context.ticket, context.organisation
    payload = Alert(promise=what.promise, due_at=what.due_at)
    if what.alert == OVER:  # no moment that came, but work that passed what was thought
        return notifications_to(responsible(ticket, organisation, event.at), Audience.AGENT, OVER, context)
    if what.promise == RULE:
        acted = RuleActed(rule=what.alert, why=what.why)
        return notifications_to(named(what.tell, organisation, event.at), Audience.AGENT, BY_RULE, context, payload=acted)
    if what.target_at is not None:
        late = what.target_at <= event.at
        reached = LevelReached(promise=what.promise, due_at=what.target_at, share=share_of(what), late=late)
        return notifications_to(at_level(what.tell, ticket, organisation, event.at), Audience.AGENT, LEVEL, context, payload=reached)
    if what.alert in ("warning", "due"):
        return notifications_to(responsible(ticket, organisation, event.at), Audience.AGENT, what.alert, context, payload=payload)
    return notifications_to(managers(ticket, organisation, event.at), Audience.MANAGER, what.alert, context, payload=payload)


def snooze_ended(event: Event, events: Sequence[Event], context: NotificationContext) -> Iterator[Notification]:
    """Who has the ticket hears that it is back; where a mail woke it, that mail says so."""
    what = event.what
    if isinstance(what, SnoozeEnded) and not what.by_mail:
        told = responsible(context.ticket, context.organisation, event.at)
        yield from notifications_to(told, Audience.AGENT, "awake", context, but=event.actor)
